"""Folders that one run of a model needs: its inputs, its copy of the artifact, its working directory."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "assaydesk-run-"
#: Between making a folder and holding it another process must not take it for one left behind.
_YOUNG_SECONDS = 60


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder of our own under the machine's temporary one, removed at the end.

    A killed worker can't remove its own, and in it lie rows of locked data and the model: whoever comes next does.
    """
    _remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        held = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(held)


def _remove_left_behind() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if _is_left_behind(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_left_behind(folder: Path) -> bool:
    """Ours, not just made, and held by nobody: the system lets go of the lock when its holder dies, however it dies."""
    about = folder.lstat()
    if about.st_uid != os.geteuid() or about.st_mtime > time.time() - _YOUNG_SECONDS:
        return False
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True
