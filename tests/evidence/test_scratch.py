"""Folders of a run: gone when it ends, and gone all the same when it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from evidence.scratch import scratch_folder

HOLDS_ONE = """
import sys
from evidence.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "rows.npy").write_bytes(b"rows of locked data")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other_worker(temporary):
    """Another process that is in the middle of a run, in a folder made an hour ago."""
    command = [sys.executable, "-c", HOLDS_ONE]
    surroundings = os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": str(Path.cwd())}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=surroundings, text=True) as process:
        assert process.stdout is not None
        folder = process.stdout.readline().strip()
        an_hour_ago = time.time() - 3600
        os.utime(folder, (an_hour_ago, an_hour_ago))
        yield process
        process.kill()


def test_it_is_empty_ours_alone_and_gone_afterwards(temporary):
    with scratch_folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o077 == 0
        assert not list(folder.iterdir())
    assert not list(temporary.iterdir())


def test_what_a_killed_worker_left_is_removed_by_the_next_run(temporary, other_worker):
    other_worker.send_signal(signal.SIGKILL)
    other_worker.wait()
    assert [path.name for path in temporary.glob("*/*")] == ["rows.npy"]
    with scratch_folder() as folder:
        assert list(temporary.iterdir()) == [folder]


def test_what_a_living_worker_holds_stays(temporary, other_worker):
    with scratch_folder():
        pass
    assert [path.read_bytes() for path in temporary.glob("*/*")] == [b"rows of locked data"]


def test_what_was_made_a_moment_ago_stays(temporary):
    young = temporary / "assaydesk-run-young"
    young.mkdir()
    with scratch_folder():
        pass
    assert young.is_dir()


def test_what_is_no_folder_of_ours_stays(temporary, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").touch()
    (temporary / "assaydesk-run-link").symlink_to(elsewhere)
    (temporary / "another").mkdir()
    hour_ago = time.time() - 3600
    for path in (elsewhere, temporary / "another"):
        os.utime(path, (hour_ago, hour_ago))
    os.utime(temporary / "assaydesk-run-link", (hour_ago, hour_ago), follow_symlinks=False)
    with scratch_folder():
        pass
    assert (elsewhere / "kept").exists()
    assert (temporary / "another").is_dir()
