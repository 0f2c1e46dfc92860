"""A child program: started in a process group of its own, read line by line, never left behind."""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

LONGEST_LINE = 16_384  # bytes; a child that writes no line ends doesn't fill the memory
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> Callable[[], None]:
    """For `preexec_fn`: on Linux the child is killed when its parent ends in any way, `kill -9` included.

    Elsewhere it does nothing. The parent has to be single-threaded, or to start the child from a thread
    that lives as long as the child should.
    """
    parent = os.getpid()

    def ask_the_kernel() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # the parent ended before the kernel was asked
            os._exit(1)

    return ask_the_kernel


@dataclass(frozen=True)
class Program:
    """What to run. `name` stands before each line it writes; `keep_alive`: started again when it ends."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    keep_alive: bool = True


class ChildProgram:
    """A running `Program`. Its output and errors come as one stream of lines."""

    def __init__(self, program: Program) -> None:
        self._rest = b""
        self._process = subprocess.Popen(
            program.command,
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=program.descriptors,
            process_group=0,  # Ctrl-C reaches the supervisor only, which then stops its children in order
            preexec_fn=end_with_parent(),  # noqa: PLW1509 - the supervisor has no threads
        )
        if self._process.stdout is None:
            raise RuntimeError("subprocess gave no pipe")  # never: stdout is PIPE
        self.output = self._process.stdout
        self.pid = self._process.pid

    def has_output(self) -> bool:
        """Whether `read_lines` would return at once; no longer after its end, once `output` is closed."""
        return not self.output.closed and bool(select.select([self.output], [], [], 0)[0])

    def read_lines(self) -> list[str] | None:
        """The lines that are complete by now; None at the end, when nobody can write any more."""
        block = os.read(self.output.fileno(), 65_536)
        *lines, self._rest = (self._rest + block).split(b"\n")
        if len(self._rest) > LONGEST_LINE or (not block and self._rest):
            lines, self._rest = [*lines, self._rest], b""
        if not block and not lines:
            return None
        return [_printable(line) for line in lines]

    def ended(self) -> int | None:
        """The exit status once it has ended (negative: by which signal); what it started is ended as well."""
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        # Before the process is reaped, so that the number of its group can't belong to anybody else yet.
        self.kill()
        return self._process.wait()

    def stop(self) -> None:
        """Asks it to finish what it does and end."""
        self._process.terminate()

    def kill(self) -> None:
        """Ends it and what it started, at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _printable(line: bytes) -> str:
    # Logs can quote strangers: no escape sequences reach the operator's terminal.
    text = line.decode(errors="replace").rstrip()
    return "".join(letter if letter.isprintable() or letter == "\t" else "\ufffd" for letter in text)
