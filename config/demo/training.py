"""Training and predicting in processes of their own: the packages they load have no place in a server's process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from config.demo.steps import Unexpected

PATIENCE = 300  # seconds


class Training:
    """`config.demo.train` at work, writing into `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = _start("config.demo.train", folder)

    def wait(self) -> None:
        """Returns once everything is trained. Raises Unexpected with what the process wrote if it failed."""
        _finish(self._process)

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def training(folder: Path) -> Iterator[Training]:
    """Training that begins now, and ends with the block at the latest."""
    started = Training(folder)
    try:
        yield started
    finally:
        started.stop()


def predict(folder: Path, inputs: Path, predictions: Path) -> None:
    """The author's own predictions with the joblib version trained into `folder`; CSV in, CSV out."""
    _finish(_start("config.demo.predict", folder, inputs, predictions))


def _start(module: str, *arguments: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(process: "subprocess.Popen[str]") -> None:
    try:
        _, written = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Unexpected(f"It took longer than {PATIENCE} s.") from error
    if process.returncode:
        last_line = next(reversed(written.strip().splitlines()), "without a word")
        raise Unexpected(f"It ended with status {process.returncode}: {last_line}")
