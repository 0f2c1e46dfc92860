"""Files on their way to the server: digested first, then streamed, never held in memory."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assaydesk_client.errors import Misuse

PIECE = 1024 * 1024
"""Bytes read and sent at a time."""

Progress = Callable[[int], None]
"""Is told how many more bytes went out."""


def _unheard(_count: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Upload:
    """One file as a request body that can be sent again from its beginning."""

    file: Path
    content_type: str
    size: int
    sha256: bytes
    progress: Progress = _unheard

    @property
    def headers(self) -> dict[str, str]:
        """Length and digest (RFC 9530), so that the server can tell a torn or altered body."""
        return {
            "Content-Type": self.content_type,
            "Content-Length": str(self.size),
            "Content-Digest": f"sha-256=:{b64encode(self.sha256).decode()}:",
        }

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes, a piece at a time."""
        with self.file.open("rb") as source:
            while piece := source.read(PIECE):
                yield piece
                self.progress(len(piece))


def prepare(file: Path, content_type: str, progress: Progress | None = None) -> Upload:
    """Reads the file once for its digest. Raises Misuse when it can't be read."""
    try:
        with file.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256")
            size = source.tell()
    except OSError as error:
        raise Misuse(f"{file} can't be read: {error.strerror}.") from error
    return Upload(file, content_type, size, digest.digest(), progress or _unheard)
