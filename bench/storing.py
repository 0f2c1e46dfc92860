"""Storing a 256 MiB artifact with its digest, against hashing and writing the same bytes by hand."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.timing import seconds
from registry.stores.local import LocalStore

CHUNK, CHUNKS = 1024 * 1024, 256


def figures() -> Iterator[str]:
    chunk = os.urandom(CHUNK)
    with tempfile.TemporaryDirectory() as directory:
        store, plain = LocalStore(Path(directory)), Path(directory) / "plain"

        def ours() -> None:
            store.keep((chunk for _ in range(CHUNKS)), limit=CHUNK * CHUNKS)

        def by_hand() -> None:
            digest = hashlib.sha256()
            with plain.open("wb") as file:
                for _ in range(CHUNKS):
                    digest.update(chunk)
                    file.write(chunk)
                os.fsync(file.fileno())

        mine, theirs = seconds(ours), seconds(by_hand)
    yield f"ours {mine:.2f} s, by hand {theirs:.2f} s"
    yield f"ratio: {mine / theirs:.2f}"
