from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from io import BufferedReader
from pathlib import Path
from typing import ClassVar, Protocol

from accounts.reasons import Refusal

#: What is still under `incoming/` after this long belongs to an upload that died.
ABANDONED_AFTER = timedelta(days=1)


class StoreError(Refusal):
    """The store can't do it now: away, full, or closed to us. Both doors understand it (503)."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "store_unusable"

    def __init__(self, text: str, remedy: str = "Tell the administrator; nothing was changed.") -> None:
        super().__init__(self.code, text, remedy)


class BytesGone(StoreError):
    """The store answers, and what was asked for isn't in it."""

    status = 409
    code = "bytes_gone"

    def __init__(self, text: str, remedy: str = "Restore the artifact store from its backup.") -> None:
        super().__init__(text, remedy)


class TooManyBytes(StoreError):
    """More came than the limit allows; nothing was kept."""

    status = 413
    code = "too_large"


@dataclass(frozen=True)
class Stored:
    sha256: str
    size: int


class Store(Protocol):
    """Immutable bytes by digest. Every digest is a SHA-256 computed here, never one the place claims."""

    def keep(self, chunks: Iterable[bytes], *, limit: int) -> Stored:
        """Streams the bytes in, at most `limit` of them. Raises TooManyBytes or StoreError, keeping nothing."""

    def open(self, sha256: str) -> BufferedReader:
        """The bytes, to be read once. Raises BytesGone, or StoreError, also while reading."""

    def as_file(self, sha256: str) -> AbstractContextManager[Path]:
        """A local file holding the bytes, to be read only, for as long as the context lasts."""

    def digest_now(self, sha256: str) -> str | None:
        """The SHA-256 of what is stored there now, computed afresh; None when nothing is there.

        Raises StoreError when the store can't be asked: that says nothing about the bytes.
        """

    def address_of(self, sha256: str, filename: str) -> str | None:
        """A URL that hands out these bytes as a download for a minute, to whoever has it; None when it can't."""

    def remove(self, sha256: str) -> None:
        """Takes the bytes away; without a word when they are gone already. Only retention may ask for it."""

    def clear_abandoned(self) -> int:
        """Removes what uploads and loans left behind that died over a day ago. Returns how many pieces."""

    def try_out(self) -> None:
        """Writes, reads and removes a few bytes. Raises StoreError when any of it fails."""


def checked_digest(sha256: str) -> str:
    """The digest, when it is one: nothing else may name a place. Raises BytesGone."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise BytesGone("That is not a SHA-256.")
    return sha256


def up_to(limit: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks, until together they are over `limit` bytes: then raises TooManyBytes."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooManyBytes(f"More than {limit:,} bytes.", "Nothing was kept.")
        yield chunk
