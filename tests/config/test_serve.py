"""`manage.py serve` as a person starts it: its own folder, real web, workers and sweeper."""

import os
import shutil
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.processes import Process, is_running, wait_until, wait_until_gone
from tests.served import MANAGE, embedded

pytestmark = [pytest.mark.servers, pytest.mark.slow]


def serve(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "ignore", MANAGE, "serve", "--port", "0", *arguments]


class Desk(Process):
    """A served desk in `folder`, up and answering at `url`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(serve(), environment=embedded(folder))
        self.folder = folder
        try:
            self.url = self.wait_for(r"Assaydesk is at (http://127\.0\.0\.1:\d+)\n")[1]
        except AssertionError:
            self.end()
            raise


@pytest.fixture(scope="module")
def desk(empty_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the tests that leave it running."""
    desk = Desk(shutil.copytree(empty_desk, tmp_path_factory.mktemp("desk") / "var"))
    yield desk
    desk.end()


@pytest.fixture
def own_desk(empty_desk: Path, tmp_path: Path) -> Iterator[Desk]:
    """A desk for a test that ends it."""
    desk = Desk(shutil.copytree(empty_desk, tmp_path / "var"))
    yield desk
    desk.end()


def descendants(pid: int) -> dict[int, str]:
    """The command line of every process below `pid`."""
    found: dict[int, str] = {}
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        with suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
            found |= descendants(child)
    return found


def part(desk: Desk, words: str) -> int:
    """The process directly below the supervisor whose command line has these words."""
    [pid] = [pid for pid, line in descendants(desk.pid).items() if words in line and os.getpgid(pid) == pid]
    return pid


def test_web_answers_by_the_time_its_address_is_told(desk):
    with urllib.request.urlopen(desk.url + "/healthz") as answer:  # noqa: S310 - our own http address
        assert answer.status == 200


def test_web_workers_and_sweeper_run_and_all_end_on_ctrl_c(own_desk):
    parts = descendants(own_desk.pid)
    for words in ("gunicorn", "--queues gates", "--queues mail", "sweep --every"):
        assert any(words in line for line in parts.values()), f"{words} isn't running"
    own_desk.send(signal.SIGINT)
    assert own_desk.wait() == 0
    assert not any(is_running(pid) for pid in parts)


def test_killed_worker_is_back(desk):
    killed = part(desk, "--queues gates")
    os.kill(killed, signal.SIGKILL)
    desk.wait_for("gates was ended by SIGKILL; starting it again")
    wait_until(lambda: any("--queues gates" in line for line in descendants(desk.pid).values()))
    assert not is_running(killed)


def test_request_made_while_the_web_is_down_waits_for_its_return(desk):
    os.kill(part(desk, "gunicorn"), signal.SIGKILL)
    desk.wait_for("web was ended by SIGKILL; starting it again")
    with urllib.request.urlopen(desk.url + "/healthz", timeout=30) as answer:  # noqa: S310 - our own http address
        assert answer.status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_nothing_is_left_when_the_supervisor_itself_is_killed(own_desk):
    parts = descendants(own_desk.pid)
    own_desk.send(signal.SIGKILL)
    for pid in parts:
        wait_until_gone(pid)


def test_second_start_on_the_same_folder_is_refused(desk):
    second = Process(serve(), environment=embedded(desk.folder))
    assert second.wait() == 1
    assert f"Assaydesk already runs on {desk.folder} (process {desk.pid})" in second.written


def test_database_that_is_not_set_up_is_named_with_the_remedy(tmp_path):
    process = Process(serve(), environment=embedded(tmp_path))
    assert process.wait() == 1
    assert "Run: manage.py migrate" in process.written
