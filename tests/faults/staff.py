"""The parts of an installation, as real processes on one desk: web, workers, sweeper."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.faults.desks import ROOT, Desk, desk_with
from tests.processes import wait_until, wait_until_gone

PYTHON = [sys.executable, "-W", "ignore"]
CELERY = [*PYTHON, "-m", "celery", "--quiet", "--app", "config", "worker", "--loglevel", "WARNING"]
GUNICORN = [*PYTHON, "-m", "gunicorn", "config.wsgi", "--threads", "8", "--log-level", "warning", "--no-control-socket"]
SWEEP = [*PYTHON, "manage.py", "sweep", "--every"]


class Part:
    """One program and everything it starts; what it says goes to a file, so that it never waits for a reader."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.log = folder / f"{name}.log"
        self._command, self._environment = command, {**os.environ, **environment}
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self.pid = self._process.pid

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """To the program and all it has started in its process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9; returns when what it had started elsewhere, like a model's process, is gone too."""
        started = descendants(self.pid)
        self.send(signal.SIGKILL)
        self._process.wait()
        for pid in started:
            wait_until_gone(pid)


def descendants(pid: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            children += [int(child) for child in (task / "children").read_text().split()]
    return [*children, *(deeper for child in children for deeper in descendants(child))]


class House:
    """A desk with everybody at work. `stumble_in` is where tests name the steps at which a gate's worker falls."""

    def __init__(self, desk: Desk, folder: Path, *, web_workers: int) -> None:
        self.desk, self.folder, self.stumble_in = desk, folder, folder / "stumble"
        self.stumble_in.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        door = ["--bind", f"127.0.0.1:{port}", "--workers", str(web_workers)]
        self.web = self._part("web", [*GUNICORN, *door])
        stumbling = ["--include", "tests.faults.stumbling"]
        self.gates = self._part("gates", [*CELERY, "-Q", "gates", "-n", "gates@%h", "-c", "2", *stumbling])
        self.mail = self._part("mail", [*CELERY, "-Q", "mail", "-n", "mail@%h", "--pool", "solo"])
        self.sweeper = self._part("sweeper", [*SWEEP, "0.3"])

    def _part(self, name: str, command: Sequence[str]) -> Part:
        environment = {**self.desk.environment, "STUMBLE_IN": str(self.stumble_in), "PUBLIC_URL": self.url}
        return Part(name, command, environment, self.folder)

    @property
    def parts(self) -> list[Part]:
        return [self.web, self.gates, self.mail, self.sweeper]

    def fall(self, job: int, step: str, how: str = "KILL", *, times: int = 1) -> None:
        """Has the worker that does this job fall at this step, in so many attempts."""
        for number in range(times):
            (self.stumble_in / f"{job}.{step}.{how}.{number}").touch()

    def answers(self) -> bool:
        """Whether the web part is up."""
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=5):  # noqa: S310 - ours
            return True
        return False


@contextmanager
def staffed(environment: Mapping[str, str], folder: Path, *, web_workers: int) -> Iterator[House]:
    with ExitStack() as ending, desk_with(environment) as desk:
        house = House(desk, folder, web_workers=web_workers)
        for part in house.parts:
            ending.callback(part.kill)
        desk.play("gates_at_work", "set_up")
        wait_until(house.answers)
        yield house
