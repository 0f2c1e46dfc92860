from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol


class StoreError(Exception):
    """The store can't do it: bytes are gone, or there is no room."""


class TooManyBytes(StoreError):
    """More came than the limit allows; nothing was kept."""


@dataclass(frozen=True)
class Stored:
    sha256: str
    size: int


class Store(Protocol):
    """Immutable bytes by digest."""

    def keep(self, chunks: Iterable[bytes], *, limit: int) -> Stored:
        """Streams the bytes in, at most `limit` of them. Raises TooManyBytes or StoreError, keeping nothing."""

    def open(self, sha256: str) -> BufferedReader:
        """The bytes, to be read once. Raises StoreError when they aren't there."""

    def as_file(self, sha256: str) -> AbstractContextManager[Path]:
        """A local file holding the bytes, to be read only, for as long as the context lasts."""

    def digest_now(self, sha256: str) -> str | None:
        """The SHA-256 of what is stored there now, computed afresh; None when nothing is there."""
