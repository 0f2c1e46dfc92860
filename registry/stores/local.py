import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from registry.stores.base import ABANDONED_AFTER, BytesGone, Stored, StoreError, checked_digest, up_to

#: Uploads stop while this much disk is still free, so that the database beside them can go on.
SPARE_BYTES = 200 * 1024**2


class LocalStore:
    """A directory: `sha256/ab/abcdef…`, each file written aside, synced, and renamed into place."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, chunks: Iterable[bytes], *, limit: int) -> Stored:
        with _told("written to"):
            incoming = self._root / "incoming"
            incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as file:
                written = Path(file.name)
                try:
                    stored = self._write(chunks, file, limit)
                    place = self._place(stored.sha256)
                    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    written.chmod(0o400)
                    # Same bytes, same name: replacing an equal file is harmless, and mends a damaged one.
                    written.replace(place)
                except BaseException:
                    written.unlink(missing_ok=True)
                    raise
            _sync(place.parent)
        return stored

    def _write(self, chunks: Iterable[bytes], file: "tempfile._TemporaryFileWrapper[bytes]", limit: int) -> Stored:
        digest, size = hashlib.sha256(), 0
        for chunk in up_to(limit, chunks):
            size += len(chunk)
            if shutil.disk_usage(self._root).free < SPARE_BYTES:
                raise StoreError("The artifact store's disk is full.", "Tell the administrator; nothing was kept.")
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
        return Stored(digest.hexdigest(), size)

    def open(self, sha256: str) -> BufferedReader:
        place = self._place(sha256)
        try:
            with _told("read"):
                return place.open("rb")
        except StoreError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise BytesGone(f"The bytes with SHA-256 {sha256} are not in the store.") from error
            raise

    @contextmanager
    def as_file(self, sha256: str) -> Iterator[Path]:
        self.open(sha256).close()
        yield self._place(sha256)

    def digest_now(self, sha256: str) -> str | None:
        try:
            with self.open(sha256) as file, _told("read"):
                return hashlib.file_digest(file, "sha256").hexdigest()
        except BytesGone:
            return None

    def address_of(self, sha256: str, filename: str) -> str | None:
        return None

    def remove(self, sha256: str) -> None:
        with _told("written to"):
            self._place(sha256).unlink(missing_ok=True)

    def clear_abandoned(self) -> int:
        with _told("written to"):
            return clear_old_files(self._root / "incoming")

    def try_out(self) -> None:
        with _told("written to"):
            incoming = self._root / "incoming"
            incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=incoming) as file:
                file.write(b"here")
                file.seek(0)
                if file.read() != b"here":
                    raise StoreError("The artifact store doesn't give back what was written to it.")

    def _place(self, sha256: str) -> Path:
        return self._root / "sha256" / sha256[:2] / checked_digest(sha256)


def clear_old_files(folder: Path) -> int:
    """Removes the files directly in `folder` that nobody wrote to for a day. Returns how many."""
    if not folder.is_dir():
        return 0
    before, removed = time.time() - ABANDONED_AFTER.total_seconds(), 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # its upload ended this moment
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Whatever the disk says becomes a StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"The artifact store can't be {what}: {error.strerror or error}.") from error


def _sync(folder: Path) -> None:
    """Makes a name that was just given outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
