"""DuckDB, held short: it reads the files it is given, writes into the folder it is given, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

Session = duckdb.DuckDBPyConnection
Column = npt.NDArray[np.float64] | npt.NDArray[np.object_]

MEMORY = "1GB"
THREADS = 2
_NO_EXTENSIONS: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


@contextmanager
def session(*, reading: Sequence[Path] = (), folder: Path | None = None) -> Iterator[Session]:
    """A database in memory that may read these files, and write into `folder`, where it spills, too.

    Nothing else: no other file, no network, no extension, and no statement can widen that.
    """
    settings: dict[str, Any] = {
        "threads": THREADS,
        "memory_limit": MEMORY,
        "temp_directory": str(folder or ""),
        **_NO_EXTENSIONS,
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.execute("SET allowed_paths = $paths", {"paths": [str(path) for path in reading]})
        if folder is not None:
            connection.execute("SET allowed_directories = $folders", {"folders": [str(folder)]})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def fetch(path: Path, columns: Sequence[str], *, where: str = "") -> dict[str, npt.NDArray[Any]]:
    """Columns of a Parquet file of ours as arrays, in the order of its rows; `where` is SQL."""
    wanted = ", ".join(quoted(name) for name in columns)
    condition = f" WHERE {where}" if where else ""
    query = f"SELECT {wanted} FROM read_parquet($path, file_row_number = true){condition}"
    with _reader(os.getpid()).cursor() as duck:
        found: dict[str, npt.NDArray[Any]] = duck.execute(query, {"path": str(path)}).fetchnumpy()
    return found


@cache
def _reader(process: int) -> Session:
    """One database for all that a process reads of our own files; a child that was forked off needs its own."""
    return duckdb.connect(":memory:", config={"threads": THREADS, "memory_limit": MEMORY, **_NO_EXTENSIONS})


def quoted(name: str) -> str:
    """A column's name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
