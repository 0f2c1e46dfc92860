"""Runs a small Python program in a child process that can't harm its surroundings or keep them waiting."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal

from evidence import bubblewrap
from evidence.scratch import scratch_folder

Isolation = Literal["bubblewrap", "limits"]
FailureKind = Literal["timeout", "memory", "crash", "output", "refused"]

LAUNCHER = Path(__file__).with_name("isolation_launcher.py")
OUT_OF_MEMORY = 77  # the launcher's exit status

STDERR_TAIL_BYTES = 16 * 1024
FILE_BYTES = bubblewrap.SCRATCH_BYTES
OPEN_FILES = 64
PROCESSES = 64  # threads included
ALARM_GRACE_SECONDS = 5  # the parent's own clock comes first

# All that the child's environment holds. One thread: more would change sums, and each maps memory of its own.
# onnxruntime's wheel reports usage to its maker unless told not to.
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "ORT_DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True)
class Limits:
    """What a child may use: wall clock and processor seconds, address space and bytes of output.

    numpy and onnxruntime map about 150 MiB themselves.
    """

    seconds: float = 120.0
    cpu_seconds: int = 100
    memory_bytes: int = 2 * 1024**3
    output_bytes: int = 64 * 1024**2


@dataclass(frozen=True)
class Completed:
    """A child that ended well: all it wrote, the end of what it said, how it was isolated, for how long."""

    stdout: bytes
    stderr_tail: str
    isolation: Isolation
    seconds: float


class ChildFailed(Exception):
    """The child was stopped, broke down or was never started.

    `kind` says which: "timeout", "memory" and "output" name the limit it met, "crash" is any other status but
    0, "refused" means that it wasn't started. `stderr_tail` and `returncode` come from the child: untrusted.
    """

    def __init__(
        self,
        kind: FailureKind,
        text: str,
        remedy: str = "",
        stderr_tail: str = "",
        returncode: int | None = None,
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.remedy = remedy
        self.stderr_tail = stderr_tail
        self.returncode = returncode


def isolation_available() -> Isolation:
    """The strongest isolation that works on this machine. Tried once per process."""
    return "bubblewrap" if bubblewrap.works_here() else "limits"


def run_isolated(
    program: Path,
    *,
    inputs: Path,
    arguments: list[str],
    limits: Limits,
    require_bubblewrap: bool = False,
    isolation: Isolation | None = None,
) -> Completed:
    """Run `program` as `python -I` with sys.argv = [program, folder of inputs, *arguments] and wait for it.

    It is a file, or the folder of a package with `__main__.py`, whose modules it may import relatively.

    Under bubblewrap it sees no network, no environment of ours and no file but itself, `inputs` and Python's
    own, all read-only. Under "limits" alone it is bound in time, memory, files and output only, and reads
    whatever this user may read. `isolation` None takes the strongest there is. Raises ChildFailed; kind
    "refused" when bubblewrap is required or asked for and doesn't work here.
    """
    chosen = isolation or isolation_available()
    if require_bubblewrap or chosen == "bubblewrap":
        _refuse_without_bubblewrap(chosen)
    started = time.monotonic()
    with (
        scratch_folder() as scratch,
        _child(_command(chosen, program, inputs, arguments, limits), scratch) as process,
    ):
        stdout, tail = _listen(process, limits, deadline=started + limits.seconds)
    if process.returncode:
        raise _explain(process.returncode, tail, program, limits)
    return Completed(stdout, tail, chosen, time.monotonic() - started)


def _refuse_without_bubblewrap(chosen: Isolation) -> None:
    if chosen != "bubblewrap" or not bubblewrap.works_here():
        raise ChildFailed(
            "refused",
            "models are run only under bubblewrap here, and bubblewrap doesn't work on this machine",
            "Install it (apt install bubblewrap) and allow unprivileged user namespaces.",
        )


def _command(isolation: Isolation, program: Path, inputs: Path, arguments: list[str], limits: Limits) -> list[str]:
    settings = json.dumps(
        {
            "limits": _resource_limits(isolation, limits),
            "alarm": ceil(limits.seconds) + ALARM_GRACE_SECONDS,
            # Under bubblewrap the parent is bubblewrap, which sees to it itself.
            "parent": os.getpid() if isolation == "limits" else None,
        }
    )
    python = [sys.executable, "-I", "-B"]
    if isolation == "limits":
        return [*python, str(LAUNCHER), settings, str(program.resolve()), str(inputs.resolve()), *arguments]
    mounts = {LAUNCHER: "/launcher.py", program.resolve(): f"/{program.name}", inputs.resolve(): "/in"}
    inside = [*python, "/launcher.py", settings, f"/{program.name}", "/in", *arguments]
    return bubblewrap.sandboxed(inside, environment=ENVIRONMENT, mounts=mounts)


def _resource_limits(isolation: Isolation, limits: Limits) -> dict[str, int]:
    bounds = {
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 0,
    }
    if sys.platform == "linux":
        bounds["RLIMIT_AS"] = limits.memory_bytes
    if isolation == "bubblewrap" and _counts_processes_per_sandbox():
        bounds["RLIMIT_NPROC"] = PROCESSES
    return bounds


def _counts_processes_per_sandbox() -> bool:
    """Linux before 5.14 counts all processes of the user, wherever they run: a limit would hit bystanders."""
    release = os.uname().release.split(".")
    return release[0].isdigit() and release[1].isdigit() and (int(release[0]), int(release[1])) >= (5, 14)


@contextmanager
def _child(command: list[str], scratch: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The started child in a process group of its own, none of which outlives this block."""
    process = subprocess.Popen(
        command,
        env=ENVIRONMENT,
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _listen(process: subprocess.Popen[bytes], limits: Limits, *, deadline: float) -> tuple[bytes, str]:
    """All of stdout and the end of stderr, once the child has ended. Raises ChildFailed at a limit."""
    assert process.stdout is not None
    assert process.stderr is not None
    output, tail = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output)
        selector.register(process.stderr, selectors.EVENT_READ, tail)
        while selector.get_map():
            if (left := deadline - time.monotonic()) <= 0:
                raise _timed_out(f"{limits.seconds:g} s", tail)
            for key, _ in selector.select(left):
                _read_some(selector, key)
            del tail[:-STDERR_TAIL_BYTES]
            if len(output) > limits.output_bytes:
                text = f"the program wrote more than the {limits.output_bytes} bytes it may"
                raise ChildFailed("output", text, stderr_tail=_readable(tail))
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise _timed_out(f"{limits.seconds:g} s", tail) from None
    return bytes(output), _readable(tail)


def _read_some(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    if chunk := os.read(key.fd, 65536):
        key.data.extend(chunk)
    else:
        selector.unregister(key.fileobj)


def _explain(returncode: int, tail: str, program: Path, limits: Limits) -> ChildFailed:
    """Why the child ended with this status. Bubblewrap reports a signal as 128 + its number."""
    killed_by = -returncode if returncode < 0 else returncode - 128
    if killed_by == signal.SIGXCPU:
        return _timed_out(f"{limits.cpu_seconds} s of processor time", bytearray(tail.encode()))
    # SIGKILL comes from the system's memory killer: a timeout of ours never gets here.
    if returncode == OUT_OF_MEMORY or killed_by == signal.SIGKILL or "std::bad_alloc" in tail:
        text = f"the program needed more than the {limits.memory_bytes // 1024**2} MiB of memory it may use"
        return ChildFailed("memory", text, "Make the model smaller, or raise the limit.", tail, returncode)
    return ChildFailed("crash", f"{program.name} ended with status {returncode}", "", tail, returncode)


def _timed_out(what: str, tail: bytearray) -> ChildFailed:
    return ChildFailed(
        "timeout",
        f"the program was stopped after {what}",
        "Make the model faster, or raise the limit.",
        _readable(tail),
    )


def _readable(tail: bytes | bytearray) -> str:
    """Text without control characters, which could rewrite a terminal or forge a line of a log."""
    text = tail.decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)
