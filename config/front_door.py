"""What Assaydesk has to hold before it can serve: its folder, its port, and the proof that it answers."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


class CannotServe(Exception):
    """Assaydesk can't start here; the message names why and what to do."""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds `folder` for this process while the block runs. Raises CannotServe when another holds it."""
    with (folder / "serve.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise CannotServe(
                f"Assaydesk already runs on {folder} (process {_holder(lock)}). Stop it first, "
                "or give this one a folder and a port of its own: VAR_DIR=... PORT=..."
            ) from taken
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "unknown"


def open_door(port: int) -> socket.socket:
    """A socket listening on 127.0.0.1:`port` (0: any free one). Raises CannotServe when it can't be had.

    It outlives the web part: while that is started again, requests wait instead of being refused.
    """
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
        door.listen(128)
    except OSError as error:
        door.close()
        raise CannotServe(
            f"Port {port} on 127.0.0.1 can't be used: {error.strerror}. "
            "Stop the program that has it, or choose another port: PORT=8001"
        ) from error
    return door


class ReadinessProbe:
    """Asks the web part for /healthz; the answer comes when it is up, since the door is open before it."""

    def __init__(self, port: int, *, host: str, scheme: str) -> None:
        self._port = port
        self._request = (
            f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Proto: {scheme}\r\n"
            "User-Agent: assaydesk-serve\r\nConnection: close\r\n\r\n"
        ).encode()

    def ask(self) -> socket.socket:
        """The connection to read the answer from."""
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=5)
        connection.sendall(self._request)
        return connection

    def answer(self, connection: socket.socket) -> str:
        """The status, like "200 OK"; empty when the web part went away instead. Closes `connection`."""
        with connection, suppress(OSError):
            status_line = connection.recv(4096).split(b"\r\n")[0].decode("latin-1")
            return status_line.partition(" ")[2]
        return ""
