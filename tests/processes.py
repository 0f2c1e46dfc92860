"""Real processes for tests: what they write and how they end, by waiting for events and never by sleeping."""

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 90.0  # seconds; only a failing test ever waits that long, or one on a very busy machine


class Process:
    """A process of ours and all it has written so far, output and errors together."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        self.written = ""
        self._found_up_to = 0
        self._popen = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        self.pid = self._popen.pid

    def wait_for(self, pattern: str, *, seconds: float = PATIENCE) -> re.Match[str]:
        """The next match of `pattern` in what is written, after the last one found."""
        deadline = time.monotonic() + seconds
        while (found := re.compile(pattern).search(self.written, self._found_up_to)) is None:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{pattern!r} didn't come. Written: {self.written}")
        self._found_up_to = found.end()
        return found

    def wait(self, *, seconds: float = PATIENCE) -> int:
        """The exit status, once it has ended and nobody can write to its output any more."""
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            pass
        status = self._popen.wait(max(0.0, deadline - time.monotonic()))
        self._close()
        return status

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def end(self) -> None:
        """Asks it to stop; kills it and its process group when it doesn't."""
        self.send(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._close()

    def _close(self) -> None:
        if self._popen.stdout:
            self._popen.stdout.close()

    def _read(self, seconds: float) -> bool:
        stream = self._popen.stdout
        if stream is None or stream.closed or not select.select([stream], [], [], max(0.0, seconds))[0]:
            return False
        block = os.read(stream.fileno(), 65_536)
        self.written += block.decode(errors="replace")
        return bool(block)


@contextmanager
def running(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """A process that is ended with the block."""
    process = Process(command, environment=environment)
    try:
        yield process
    finally:
        process.end()


def wait_until(holds: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Returns when `holds()` does: for what tells nobody that it has happened."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"It didn't come true within {seconds} s.")
        time.sleep(0.02)


def wait_until_gone(pid: int, *, seconds: float = PATIENCE) -> None:
    """Returns when no process `pid` runs any more, whoever its parent is."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([descriptor], [], [], seconds)[0]:
            raise AssertionError(f"Process {pid} still runs after {seconds} s.")
    finally:
        os.close(descriptor)


def is_running(pid: int) -> bool:
    """Whether process `pid` exists and hasn't ended (one that waits to be reaped has)."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False
