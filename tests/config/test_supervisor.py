"""The supervisor with real child processes: little ones, whose every death is caused here."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.front_door import CannotServe, only_one, open_door
from config.supervisor import STOP_WITHIN, DeathRecord
from tests.processes import Process, is_running, running, wait_until_gone

pytestmark = [pytest.mark.servers, pytest.mark.slow]
ROOT = Path(__file__).parent.parent.parent

# Runs a supervisor over the programs given as JSON, {name: source text of a Python program}; the guest comes once
# the web has answered and isn't kept alive.
DRIVER = """
import json, sys
import config.supervisor
from config.child_program import Program
from config.front_door import ReadinessProbe, open_door
from config.supervisor import Supervisor
door = open_door(0)
def program(name, source, keep_alive=True):
    command = [sys.executable, "-S", "-u", "-c", source, str(door.fileno())]
    return Program(name, command, descriptors=(door.fileno(),), keep_alive=keep_alive)
say = lambda name, line: print(f"{name} | {line}", flush=True)
sources = json.loads(sys.argv[1])
config.supervisor.STOP_WITHIN = float(sys.argv[2])
guest = sources.pop("guest", "")
supervisor = Supervisor([program(*item) for item in sources.items()], say=say)
def when_ready():
    say("driver", "ready")
    supervisor.start(program("guest", guest, keep_alive=False))
probe = ReadinessProbe(door.getsockname()[1], host="desk.example", scheme="https")
sys.exit(supervisor.run(probe, when_ready))
"""
STAYS = "import os, signal; print('pid', os.getpid()); signal.pause()"
DIES = "import sys; print('cannot open the drawer'); sys.exit(3)"
HOLDS_ON = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('pid', os.getpid())
while True: signal.pause()
"""
HAS_A_CHILD = """
import os, signal
child = os.fork()
if child: print('pid', os.getpid(), 'child', child)
signal.pause()
"""
SAYS_GOODBYE = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print('pid', os.getpid())
signal.sigwait([signal.SIGTERM])
print('goodbye')
"""
ANSWERS = """
import socket, sys
door = socket.socket(fileno=int(sys.argv[1]))
for status in ("503 Service Unavailable", "200 OK"):
    visitor, _ = door.accept()
    print(visitor.recv(4096).decode().replace("\\r\\n", " / "))
    visitor.sendall(f"HTTP/1.1 {status}\\r\\n\\r\\n".encode())
    visitor.close()
import signal; signal.pause()
"""

ANSWERS_THE_SECOND_TIME = """
import os, pathlib, signal, socket, sys
visitor, _ = socket.socket(fileno=int(sys.argv[1])).accept()
been_here = pathlib.Path({been_here!r})
if not been_here.exists():
    been_here.touch()
    os.kill(os.getpid(), signal.SIGKILL)
visitor.recv(4096)
visitor.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
signal.pause()
"""

Supervise = Callable[..., Process]


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    started = []

    def start(stop_within: float = STOP_WITHIN, **sources: str) -> Process:
        command = [sys.executable, "-u", "-c", DRIVER, json.dumps(sources), str(stop_within)]
        started.append(Process(command, environment={"PYTHONPATH": str(ROOT)}))
        return started[-1]

    yield start
    for process in started:
        process.end()


def next_pids(process: Process, count: int = 1) -> list[int]:
    return [int(process.wait_for(r" \| pid (\d+)")[1]) for _ in range(count)]


def test_each_line_carries_the_name_of_its_part(supervise):
    process = supervise(teller="print('one\\ntwo'); import signal; signal.pause()")
    process.wait_for(r"^teller \| one\nteller \| two\n")


def test_escape_sequences_of_a_part_do_not_reach_the_terminal(supervise):
    process = supervise(teller="print('\\x1b[2Jred'); import signal; signal.pause()")
    assert process.wait_for(r"teller \| (.*)\n")[1] == "\ufffd[2Jred"


def test_killed_part_is_started_again(supervise):
    process = supervise(worker=STAYS)
    [first] = next_pids(process)
    os.kill(first, signal.SIGKILL)
    process.wait_for("worker was ended by SIGKILL; starting it again")
    assert next_pids(process) != [first]


def test_what_a_dead_part_had_started_ends_with_it(supervise):
    process = supervise(worker=HAS_A_CHILD)
    found = process.wait_for(r"pid (\d+) child (\d+)")
    os.kill(int(found[1]), signal.SIGKILL)
    wait_until_gone(int(found[2]))


def test_part_that_dies_five_times_ends_everything_loudly(supervise):
    process = supervise(steady=STAYS, broken=DIES)
    [steady] = next_pids(process)
    assert process.wait() == 1
    assert process.written.count("broken | cannot open the drawer\n") == 5
    assert "GIVING UP: broken died 5 times" in process.written
    assert process.written.count("broken ended with status 3; starting it again.") == 4
    assert not is_running(steady)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_stops_every_part_and_passes_on_last_words(supervise, number):
    process = supervise(first=SAYS_GOODBYE, second=SAYS_GOODBYE)
    pids = next_pids(process, 2)
    process.send(number)
    assert process.wait() == 0
    assert {"first | goodbye", "second | goodbye"} <= set(process.written.splitlines())
    assert not any(is_running(pid) for pid in pids)


def test_part_that_will_not_stop_is_killed_when_asked_twice(supervise):
    process = supervise(stubborn=HOLDS_ON)
    [pid] = next_pids(process)
    process.send(signal.SIGINT)
    process.wait_for("Stopping")
    assert is_running(pid)
    process.send(signal.SIGINT)
    assert process.wait(seconds=5) == 0
    assert not is_running(pid)


def test_part_that_will_not_stop_is_killed_when_its_time_is_over(supervise):
    process = supervise(stubborn=HOLDS_ON, stop_within=0.5)
    [pid] = next_pids(process)
    process.send(signal.SIGTERM)
    assert process.wait() == 0
    assert not is_running(pid)


def test_that_time_ends_before_those_who_stop_us_lose_patience():
    docker_waits = 10.0  # seconds, then it kills all at once
    assert docker_waits - 2 >= STOP_WITHIN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_nothing_is_left_behind_when_the_supervisor_itself_is_killed(supervise):
    process = supervise(first=HOLDS_ON, second=STAYS)
    pids = next_pids(process, 2)
    process.send(signal.SIGKILL)
    for pid in pids:
        wait_until_gone(pid)


def test_ready_is_said_once_when_the_web_answers_200_and_trouble_before_is_told(supervise):
    process = supervise(web=ANSWERS)
    process.wait_for(r"web \| GET /healthz HTTP/1.1 / Host: desk.example / X-Forwarded-Proto: https")
    process.wait_for('serve | The web part answers "503 Service Unavailable" at /healthz')
    process.wait_for(r"driver \| ready")


def test_guest_that_fails_is_not_started_again_and_the_rest_goes_on(supervise):
    process = supervise(web=ANSWERS, guest=DIES)
    process.wait_for(r"guest \| cannot open the drawer\nserve \| guest ended with status 3; the rest goes on\.\n")
    process.send(signal.SIGTERM)
    assert process.wait() == 0
    assert process.written.count("cannot open the drawer") == 1


def test_probe_asks_again_when_the_web_dies_before_it_answers(supervise, tmp_path):
    process = supervise(web=ANSWERS_THE_SECOND_TIME.format(been_here=str(tmp_path / "been_here")))
    process.wait_for("web was ended by SIGKILL")
    process.wait_for(r"driver \| ready")


def test_second_start_on_the_same_folder_is_refused_naming_the_first(tmp_path):
    holder = (
        "import sys; from pathlib import Path; from config.front_door import only_one\n"
        "with only_one(Path(sys.argv[1])): print('held'); import signal; signal.pause()"
    )
    command = [sys.executable, "-u", "-c", holder, str(tmp_path)]
    with running(command, environment={"PYTHONPATH": str(ROOT)}) as first:
        first.wait_for("held")
        with pytest.raises(CannotServe, match=rf"already runs on .* \(process {first.pid}\).*VAR_DIR"):
            only_one(tmp_path).__enter__()
        first.send(signal.SIGKILL)
        first.wait()
    with only_one(tmp_path):
        assert (tmp_path / "serve.lock").read_text() == f"{os.getpid()}\n"


def test_port_that_is_taken_is_named_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotServe, match=rf"Port {port} .* in use.*PORT=8001"):
            open_door(port)


def test_restarts_wait_longer_each_time_and_the_fifth_death_within_a_minute_is_the_last():
    deaths = DeathRecord()
    assert [deaths.seconds_until_restart(now) for now in (0, 10, 20, 30, 40)] == [0.1, 0.2, 0.4, 0.8, None]


def test_deaths_more_than_a_minute_apart_are_forgotten():
    deaths = DeathRecord()
    assert [deaths.seconds_until_restart(61.0 * count) for count in range(20)] == [0.1] * 20
