"""Desks as a person has them, served out of a folder. What is dear to make is made once and copied.

Each process that runs tests makes it for itself: what needs the same is best run by the same (see sharing_out).
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import Process

MANAGE = str(Path(__file__).parent.parent / "manage.py")
PASSWORD = "four-kind-assayers"
TELLING_SECONDS = 600.0  # only a failing test waits that long, or one on a very busy machine


def embedded(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a desk as it comes, which keeps all it has in the folder."""
    unset = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY"), "")
    return {"VAR_DIR": str(folder), "ASSAYDESK_DEMO_PASSWORD": PASSWORD, **unset, **more}


def manage(folder: Path, *arguments: str) -> Process:
    """A command that has ended well."""
    process = Process([sys.executable, "-W", "ignore", MANAGE, *arguments], environment=embedded(folder))
    assert process.wait() == 0, process.written
    return process


@contextmanager
def serving(folder: Path, *arguments: str, **environment: str) -> Iterator[tuple[Process, str]]:
    """A served desk and its address; stopped with the block."""
    command = [sys.executable, "-W", "ignore", MANAGE, "serve", "--port", "0", *arguments]
    process = Process(command, environment=embedded(folder, **environment))
    try:
        yield process, process.wait_for(r"Assaydesk is at (http://127\.0\.0\.1:\d+)\n")[1]
    finally:
        process.end()


@pytest.fixture(scope="session")
def empty_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an embedded database that is set up and nothing else, to be copied."""
    folder = tmp_path_factory.mktemp("empty") / "var"
    manage(folder, "migrate", "--verbosity=0")
    return folder


@dataclass(frozen=True)
class ToldDemo:
    """A stopped desk after its demo."""

    folder: Path
    url: str  # where it was served
    written: str  # on the terminal, until the demo had ended

    def copy(self, to: Path) -> Path:
        return shutil.copytree(self.folder, to)


@pytest.fixture(scope="session")
def told_demo(empty_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> ToldDemo:
    """As a person gets it, by `manage.py serve --demo` on an empty desk with real workers."""
    folder = shutil.copytree(empty_desk, tmp_path_factory.mktemp("demo") / "var")
    with serving(folder, "--demo") as (process, url):
        end = process.wait_for("demo has finished|demo ended with status", seconds=TELLING_SECONDS)
        assert end[0] == "demo has finished", process.written
    return ToldDemo(folder, url, process.written)
