"""Runs Assaydesk's parts together: starts them, starts again what dies, stops all; leaves nothing behind."""

import heapq
import itertools
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from config.child_program import ChildProgram, Program
from config.front_door import ReadinessProbe

MOST_DEATHS = 5
DEATHS_WITHIN = 60.0  # seconds
FIRST_DELAY = 0.1  # seconds; doubled with each death within DEATHS_WITHIN
STOP_WITHIN = 8.0  # seconds between asking and killing
ASK_AGAIN_AFTER = 0.5  # seconds
_STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class DeathRecord:
    """When one part died lately, and so whether and when it is started again."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MOST_DEATHS)

    def seconds_until_restart(self, now: float) -> float | None:
        """Notes a death at `now` (seconds); None when it was one too many."""
        self._times.append(now)
        recent = sum(1 for moment in self._times if now - moment < DEATHS_WITHIN)
        return None if recent >= MOST_DEATHS else FIRST_DELAY * 2 ** (recent - 1)


@dataclass
class _Part:
    program: Program
    deaths: DeathRecord = field(default_factory=DeathRecord)
    child: ChildProgram | None = None


class Supervisor:
    """Runs `programs` until it is asked to stop (SIGINT, SIGTERM, SIGHUP) or a part can't be kept alive.

    `say(name, line)` gets every line of a part, and the supervisor's own under the name "serve".
    `when_ready()` is called once, when `probe` has been answered with 200; it may `start` further programs.
    One thread, one loop: signals, output, answers and timers are events of it.
    """

    def __init__(self, programs: Sequence[Program], *, say: Callable[[str, str], None]) -> None:
        self._parts = [_Part(program) for program in programs]
        self._say = say
        self._events = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._stopping = False
        self._status = 0
        self._last_refusal = ""

    def run(self, probe: ReadinessProbe, when_ready: Callable[[], None]) -> int:
        """Returns the exit status: 0 when it was asked to stop, 1 when it gave up."""
        with _signals_as_events() as signals:
            self._events.register(signals, selectors.EVENT_READ, lambda: self._read_signals(signals))
            try:
                for part in self._parts:
                    self._start(part)
                self._ask(probe, when_ready)
                while not self._stopping or self._running():
                    self._wait()
            finally:
                self._kill_rest()
                self._events.close()
        return self._status

    def start(self, program: Program) -> None:
        """Starts one more program."""
        self._parts.append(_Part(program))
        self._start(self._parts[-1])

    # --- The loop ---

    def _wait(self) -> None:
        seconds = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
        for event, _ in self._events.select(seconds):
            event.data()
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), call))

    def _read_signals(self, signals: socket.socket) -> None:
        for number in signals.recv(4096):
            if number in _STOPPING:
                self._asked_to_stop()
        self._notice_deaths()

    # --- Parts ---

    def _start(self, part: _Part) -> None:
        if self._stopping:
            return
        part.child = child = ChildProgram(part.program)
        self._events.register(child.output, selectors.EVENT_READ, lambda: self._pass_on(part.program.name, child))

    def _pass_on(self, name: str, child: ChildProgram) -> None:
        if not child.has_output():  # read to its end when the child was buried, a moment ago
            return
        lines = child.read_lines()
        if lines is None:
            self._events.unregister(child.output)
            child.output.close()
        for line in filter(None, lines or ()):
            self._say(name, line)

    def _notice_deaths(self) -> None:
        for part in self._running():
            status = part.child.ended() if part.child else None
            if status is not None:
                self._bury(part, status)

    def _bury(self, part: _Part, status: int) -> None:
        while part.child and part.child.has_output():
            self._pass_on(part.program.name, part.child)
        part.child = None
        if self._stopping:
            return
        if not part.program.keep_alive:
            rest = "; the rest goes on" if status else ""
            self._say("serve", f"{part.program.name} {_ended(status)}{rest}.")
            return
        delay = part.deaths.seconds_until_restart(time.monotonic())
        if delay is None:
            self._give_up(part)
            return
        self._say("serve", f"{part.program.name} {_ended(status)}; starting it again.")
        self._later(delay, lambda: self._start(part))

    def _give_up(self, part: _Part) -> None:
        self._say(
            "serve",
            f"GIVING UP: {part.program.name} died {MOST_DEATHS} times within {DEATHS_WITHIN:.0f} seconds. "
            f'Its own lines above, which begin with "{part.program.name}", say why.',
        )
        self._status = 1
        self._stop()

    def _running(self) -> list[_Part]:
        return [part for part in self._parts if part.child]

    # --- Ready ---

    def _ask(self, probe: ReadinessProbe, when_ready: Callable[[], None]) -> None:
        try:
            connection = probe.ask()
        except OSError:
            self._later(ASK_AGAIN_AFTER, lambda: self._ask(probe, when_ready))
            return

        def hear() -> None:
            self._events.unregister(connection)
            status = probe.answer(connection)
            if self._stopping:
                return
            if status.startswith("200"):
                when_ready()
                return
            self._tell_refusal(status)
            self._later(ASK_AGAIN_AFTER, lambda: self._ask(probe, when_ready))

        self._events.register(connection, selectors.EVENT_READ, hear)

    def _tell_refusal(self, status: str) -> None:
        if status and status != self._last_refusal:
            self._say("serve", f'The web part answers "{status}" at /healthz; asking until it is well.')
        self._last_refusal = status

    # --- The end ---

    def _asked_to_stop(self) -> None:
        if self._stopping:
            self._kill_rest()  # asked twice: somebody is in a hurry
            return
        self._say("serve", "Stopping.")
        self._stop()

    def _stop(self) -> None:
        self._stopping = True
        for part in reversed(self._running()):
            if part.child:
                part.child.stop()
        self._later(STOP_WITHIN, self._kill_rest)

    def _kill_rest(self) -> None:
        for part in self._running():
            if part.child:
                part.child.kill()


def _ended(status: int) -> str:
    if status == 0:
        return "has finished"
    return f"ended with status {status}" if status > 0 else f"was ended by {signal.Signals(-status).name}"


@contextmanager
def _signals_as_events() -> Iterator[socket.socket]:
    """A socket to read the numbers of signals from, a byte each: those that ask to stop, and SIGCHLD."""
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    before: dict[int, Any] = {number: signal.signal(number, lambda *_: None) for number in (*_STOPPING, signal.SIGCHLD)}
    before_descriptor = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
    try:
        with ours, pythons:
            yield ours
    finally:
        signal.set_wakeup_fd(before_descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
