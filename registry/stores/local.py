import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from registry.stores.base import Stored, StoreError, TooManyBytes

CHUNK = 1024 * 1024
#: Uploads stop while this much disk is still free, so that the database beside them can go on.
SPARE_BYTES = 200 * 1024**2


class LocalStore:
    """A directory: `sha256/ab/abcdef…`, each file written aside, synced, and renamed into place."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, chunks: Iterable[bytes], *, limit: int) -> Stored:
        incoming = self._root / "incoming"
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as file:
            try:
                stored = self._write(chunks, file, limit)
            except BaseException as error:
                Path(file.name).unlink()
                if isinstance(error, OSError):
                    raise StoreError(f"The artifact store can't be written to: {error.strerror}.") from error
                raise
        place = self._place(stored.sha256)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(file.name).chmod(0o400)
        # Same bytes, same name: replacing an equal file is harmless, and mends one that was damaged.
        Path(file.name).replace(place)
        return stored

    def _write(self, chunks: Iterable[bytes], file: "tempfile._TemporaryFileWrapper[bytes]", limit: int) -> Stored:
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise TooManyBytes(f"More than {limit:,} bytes.")
            if shutil.disk_usage(self._root).free < SPARE_BYTES:
                raise StoreError("The artifact store's disk is full.")
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
        return Stored(digest.hexdigest(), size)

    def open(self, sha256: str) -> BufferedReader:
        try:
            return self._place(sha256).open("rb")
        except FileNotFoundError as error:
            raise StoreError(f"The bytes with SHA-256 {sha256} are not in the store.") from error

    @contextmanager
    def as_file(self, sha256: str) -> Iterator[Path]:
        with self.open(sha256):
            yield self._place(sha256)

    def digest_now(self, sha256: str) -> str | None:
        try:
            with self.open(sha256) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except StoreError:
            return None

    def _place(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise StoreError("That is not a SHA-256.")
        return self._root / "sha256" / sha256[:2] / sha256
