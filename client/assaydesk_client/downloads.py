"""Received files: whole or not at all, and only below the folder they were asked into."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from assaydesk_client.errors import Corrupted, Misuse


@contextmanager
def write_atomically(target: Path) -> Iterator[IO[bytes]]:
    """A file to write to that appears as `target` only if the block ends well."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise Misuse(f"{target} can't be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as sink:
            yield sink
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def inside(folder: Path, path: str) -> Path:
    """Where a registry path lands below `folder`; a path that leads elsewhere is refused."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path or not parts.parts:
        raise Corrupted(f"The registry offers a file at {path!r}, outside the folder asked for.")
    return folder.joinpath(*parts.parts)
