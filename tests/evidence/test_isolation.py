from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from evidence import bubblewrap
from evidence.isolation import (
    LAUNCHER,
    STDERR_TAIL_BYTES,
    ChildFailed,
    Limits,
    isolation_available,
    run_isolated,
)

needs_bubblewrap = pytest.mark.skipif(not bubblewrap.works_here(), reason="bubblewrap doesn't work here")
BOTH = [pytest.param("bubblewrap", marks=needs_bubblewrap), "limits"]
ROOMY = Limits(seconds=20, cpu_seconds=20, memory_bytes=1024**3, output_bytes=1024**2)


@pytest.fixture
def run(tmp_path):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "greeting.txt").write_text("hello")

    def run_source(source, *arguments, limits=ROOMY, **options):
        program = tmp_path / "probe.py"
        program.write_text(source)
        return run_isolated(program, inputs=inputs, arguments=list(arguments), limits=limits, **options)

    return run_source


def failure_of(run, source, **options):
    with pytest.raises(ChildFailed) as caught:
        run(source, **options)
    return caught.value


@pytest.mark.parametrize("isolation", BOTH)
def test_program_gets_its_inputs_and_arguments_and_answers_on_stdout(run, isolation):
    source = "import sys, pathlib; print(pathlib.Path(sys.argv[1], 'greeting.txt').read_text(), sys.argv[2:])"
    completed = run(source, "a", "b c", isolation=isolation)
    assert completed.stdout == b"hello ['a', 'b c']\n"
    assert completed.isolation == isolation
    assert 0 < completed.seconds < 20


@pytest.mark.parametrize("isolation", BOTH)
def test_environment_holds_nothing_of_ours(run, isolation, monkeypatch):
    monkeypatch.setenv("CANARY_SECRET", "canary-3141")
    completed = run("import os, json; print(json.dumps(dict(os.environ)))", isolation=isolation)
    environment = json.loads(completed.stdout)
    assert "canary-3141" not in str(environment)
    allowed = {"LANG", "LC_CTYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"}
    assert set(environment) <= allowed | {"ORT_DISABLE_TELEMETRY", "PWD"}


PROBE = """
import json, os, socket, sys
from pathlib import Path

def attempt(act):
    try:
        return [True, str(act())[:200]]
    except OSError as error:
        return [False, type(error).__name__]

def write(path):
    Path(path).write_text("x")
    return path

def connect():
    with socket.socket() as client:
        client.settimeout(3)
        client.connect(("127.0.0.1", int(sys.argv[4])))
        return "connected"

print(json.dumps({
    "read passwd": attempt(lambda: Path("/etc/passwd").read_text()),
    "read secret in home": attempt(lambda: Path(sys.argv[2]).read_text()),
    "list home": attempt(lambda: os.listdir(sys.argv[3])),
    "connect to this machine": attempt(connect),
    "resolve a name": attempt(lambda: socket.getaddrinfo("localhost.localdomain.invalid", 80)),
    "write to inputs": attempt(lambda: write(sys.argv[1] + "/greeting.txt")),
    "write beside the program": attempt(lambda: write("/written")),
    "write to the environment of Python": attempt(lambda: write(sys.prefix + "/lib/written")),
    "see other processes": attempt(lambda: os.listdir("/proc/1")),
    "signal the parent": attempt(lambda: os.kill(int(sys.argv[5]), 0)),
    "nest namespaces": attempt(lambda: os.spawnl(os.P_WAIT, "/usr/bin/unshare", "unshare", "-U", "true") and os.stat("/refused")),
    "write to scratch": attempt(lambda: write("scratch")),
    "read inputs": attempt(lambda: Path(sys.argv[1], "greeting.txt").read_text()),
}))
"""  # noqa: E501


@needs_bubblewrap
def test_under_bubblewrap_only_inputs_and_scratch_are_within_reach(run, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text("canary-2718")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        facts = [str(home / "secret"), str(home), str(port), str(os.getpid())]
        completed = run(PROBE, *facts, isolation="bubblewrap")
        bound_only = run(PROBE, *facts, isolation="limits")

    reached = {what for what, (done, _) in json.loads(completed.stdout).items() if done}
    assert reached == {"write to scratch", "read inputs"}
    # The same probe without the sandbox gets at them: so it is the sandbox that refused.
    reached = {what for what, (done, _) in json.loads(bound_only.stdout).items() if done}
    assert reached >= {"read passwd", "read secret in home", "list home", "connect to this machine"}


@needs_bubblewrap
def test_the_real_home_and_this_checkout_are_not_there_under_bubblewrap(run):
    source = "import sys, os; print([os.path.exists(path) for path in sys.argv[2:]])"
    checkout = Path(__file__).resolve().parents[2]
    paths = [str(checkout / "manage.py"), str(Path.home() / ".bashrc"), "/var/lib", "/etc", "/root/.ssh"]
    assert run(source, *paths, isolation="bubblewrap").stdout == b"[False, False, False, False, False]\n"


@pytest.mark.parametrize("isolation", BOTH)
@pytest.mark.parametrize(
    "source",
    [
        "import signal\nsignal.pause()",
        "import os, signal\nos.close(1); os.close(2)\nsignal.pause()",
        "import sys\nwhile True: sys.stderr.write('busy ' * 1000)",
    ],
    ids=["silent", "pipes closed", "chatty"],
)
def test_a_program_that_never_ends_is_stopped_by_the_clock(run, isolation, source):
    failure = failure_of(run, source, limits=Limits(seconds=0.3), isolation=isolation)
    assert (failure.kind, failure.text) == ("timeout", "the program was stopped after 0.3 s")


@pytest.mark.parametrize("isolation", BOTH)
def test_a_busy_loop_is_stopped_by_its_processor_time(run, isolation):
    failure = failure_of(run, "while True: pass", limits=Limits(seconds=20, cpu_seconds=1), isolation=isolation)
    assert (failure.kind, failure.text) == ("timeout", "the program was stopped after 1 s of processor time")


@pytest.mark.parametrize("isolation", BOTH)
def test_a_program_that_asks_for_too_much_memory_is_stopped(run, isolation):
    failure = failure_of(run, "held = bytearray(4 * 1024**3)", isolation=isolation)
    assert failure.kind == "memory"
    assert "1024 MiB" in failure.text


@pytest.mark.parametrize("isolation", BOTH)
def test_output_is_read_up_to_its_limit_and_no_further(run, isolation):
    just_fits = Limits(output_bytes=100_000)
    assert len(run("print('x' * 99_999)", limits=just_fits, isolation=isolation).stdout) == 100_000
    failure = failure_of(run, "while True: print('x' * 9999)", limits=just_fits, isolation=isolation)
    assert failure.kind == "output"


@pytest.mark.parametrize("isolation", BOTH)
def test_only_the_end_of_stderr_is_kept_without_control_characters(run, isolation):
    source = r"import sys; sys.stderr.write('x' * 500_000 + '\x1b[31mlast\nline')"
    tail = run(source, isolation=isolation).stderr_tail
    assert len(tail) <= STDERR_TAIL_BYTES
    assert tail.endswith("\N{REPLACEMENT CHARACTER}[31mlast\nline")


@pytest.mark.parametrize("isolation", BOTH)
@pytest.mark.parametrize(
    ("source", "said"),
    [("raise LookupError('gone')", "gone"), ("import os; os.abort()", ""), ("raise SystemExit(5)", "")],
)
def test_a_program_that_breaks_down_is_a_crash(run, isolation, source, said):
    failure = failure_of(run, source, isolation=isolation)
    assert failure.kind == "crash"
    assert said in failure.stderr_tail


@pytest.mark.parametrize("isolation", BOTH)
def test_a_file_grows_to_its_limit_only(run, isolation):
    failure = failure_of(run, "open('big', 'wb').write(bytes(100 * 1024**2))", isolation=isolation)
    assert failure.kind == "crash"


CHILD_LEAVES_A_PROCESS = """
import os, signal
if os.fork() == 0:
    os.close(1)
    os.close(2)
    signal.pause()
print("done", flush=True)
"""


@pytest.mark.parametrize("isolation", BOTH)
def test_no_process_outlives_the_run(run, isolation):
    marker = f"left-behind-{os.getpid()}-{isolation}"
    assert run(CHILD_LEAVES_A_PROCESS, marker, isolation=isolation).stdout == b"done\n"
    wait_until(lambda: not processes_with(marker))


PARENT = """
import sys
from pathlib import Path
from evidence.isolation import Limits, run_isolated
run_isolated(Path(sys.argv[1]), inputs=Path(sys.argv[2]), arguments=[sys.argv[3]], limits=Limits(), isolation=sys.argv[4])
"""  # noqa: E501


@pytest.mark.parametrize("isolation", BOTH)
def test_the_child_dies_with_a_parent_that_is_killed(tmp_path, isolation):
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "child.py").write_text("import signal\nsignal.pause()")
    mark = f"dies-with-parent-{os.getpid()}-{isolation}"
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "parent.py", tmp_path / "child.py", tmp_path, mark, isolation],
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    try:
        # The child itself, not bubblewrap on its way to it: by then each process is bound to its parent.
        wait_until(lambda: any(name.endswith("launcher.py") for name in programs_of(processes_with(mark))))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not processes_with(mark))


def test_a_child_that_nobody_watches_any_more_ends_by_itself(tmp_path):
    (tmp_path / "child.py").write_text("import signal\nsignal.pause()")
    settings = json.dumps({"limits": {}, "parent": None, "alarm": 1})
    command = [sys.executable, "-I", str(LAUNCHER), settings, str(tmp_path / "child.py")]
    assert subprocess.run(command, timeout=20, check=False).returncode == -signal.SIGALRM


def processes_with(mark):
    found = set()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in command.read_bytes():
                found.add(int(command.parent.name))
        except OSError:
            continue
    return found


def programs_of(pids):
    """What each of these Python processes runs; nothing for other programs."""
    for pid in pids:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if "python" in Path(words[0]).name:
                yield next((word for word in words[1:] if word.endswith(".py")), "")


def wait_until(condition):
    """Look again and again for at most 10 seconds."""
    pause = threading.Event()
    for _ in range(200):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("it never came true")


def test_required_bubblewrap_that_does_not_work_is_refused_with_the_remedy(run, monkeypatch):
    monkeypatch.setattr(bubblewrap, "works_here", lambda: False)
    assert isolation_available() == "limits"
    failure = failure_of(run, "print('ran')", require_bubblewrap=True)
    assert failure.kind == "refused"
    assert "apt install bubblewrap" in failure.remedy


def test_required_bubblewrap_overrules_a_wish_for_limits_alone(run):
    assert failure_of(run, "print('ran')", require_bubblewrap=True, isolation="limits").kind == "refused"


def test_without_bubblewrap_limits_alone_are_taken_and_named(run, monkeypatch):
    monkeypatch.setattr(bubblewrap, "works_here", lambda: False)
    assert run("print('ran')").isolation == "limits"
