"""Throw-away PostgreSQL and Redis servers, of the programs this machine has; they end with who started them.

They listen on 127.0.0.1 behind a random password, keep what they hold in a temporary folder and care for
speed only: nothing is flushed to disk.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from config.child_program import end_with_parent

START_WITHIN = 30.0  # seconds


def postgresql_programs() -> Path | None:
    """The folder of initdb and postgres, of the newest version installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """The URL of a fresh database on a cluster of its own, ended with the block."""
    with postgresql_server(programs) as (url, _):
        yield url


@contextmanager
def postgresql_server(programs: Path) -> Iterator[tuple[str, "Server"]]:
    """The same, with the server itself, to be ended and started again."""
    with _folder("assaydesk-postgresql-") as folder:
        password = secrets.token_urlsafe(24)
        _make_cluster(programs, folder, password)
        port = _free_port()
        command = [f"{programs}/postgres", "-D", f"{folder}/cluster", *_postgresql_options(folder, port)]
        with _server(command, folder) as server:
            url = f"postgresql://assaydesk:{password}@127.0.0.1:{port}"
            _wait_until(lambda: psycopg.connect(f"{url}/postgres").close(), psycopg.OperationalError, folder)
            with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE assaydesk")
            yield f"{url}/assaydesk", server


def _make_cluster(programs: Path, folder: Path, password: str) -> None:
    password_file = folder / "password"
    password_file.write_text(password)
    os.chown(password_file, *_unprivileged())
    command = [
        f"{programs}/initdb",
        "-D",
        f"{folder}/cluster",
        "--username=assaydesk",
        f"--pwfile={password_file}",
    ]
    command += ["--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, **_as_unprivileged(folder))
    if result.returncode:
        raise RuntimeError(f"initdb failed: {result.stderr}")


def _postgresql_options(folder: Path, port: int) -> list[str]:
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 200,
    }
    return [f"--{name}={value}" for name, value in settings.items()]


@contextmanager
def redis_server(program: Path) -> Iterator[str]:
    """The URL of an empty Redis server, ended with the block."""
    with _folder("assaydesk-redis-") as folder:
        password, port = secrets.token_urlsafe(24), _free_port()
        settings = folder / "redis.conf"
        settings.write_text(
            f'port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ""\nappendonly no\ndir {folder}\n'
        )
        os.chown(settings, *_unprivileged())
        with _server([str(program), str(settings)], folder):
            url = f"redis://:{password}@127.0.0.1:{port}/0"
            with redis.Redis.from_url(url) as client:
                _wait_until(client.ping, redis.ConnectionError, folder)
            yield url


# --- What both need ---------------------------------------------------------------------------------


class Server:
    """A server program and where it keeps what it holds."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command, self._folder = command, folder
        self.start()

    def start(self) -> None:
        """Starts it; again, when it had ended. It may take a moment until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(),  # noqa: PLW1509 - no thread of ours runs when servers are started
                **_as_unprivileged(self._folder),
            )

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """Asks it to end (by default PostgreSQL's fast shutdown; Redis takes it as well); kills it when it doesn't."""
        self._process.send_signal(number)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def _server(command: list[str], folder: Path) -> Iterator[Server]:
    server = Server(command, folder)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    os.chown(folder, *_unprivileged())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> tuple[int, int]:
    """PostgreSQL refuses to run as root: then it runs as the user its package made, or as nobody."""
    if os.getuid():
        return os.getuid(), os.getgid()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise RuntimeError("This machine has neither a user postgres nor a user nobody to run servers as.")


def _as_unprivileged(folder: Path) -> dict:
    options = {"cwd": folder}
    if os.getuid():
        return options
    user, group = _unprivileged()
    return {**options, "user": user, "group": group, "extra_groups": []}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


def _wait_until(succeeds: Callable[[], object], failure: type[Exception], folder: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while True:
        try:
            succeeds()
        except failure as error:
            if time.monotonic() > deadline:
                raise RuntimeError(f"The server doesn't answer: {(folder / 'log').read_text()}") from error
            time.sleep(0.02)  # neither server tells anybody that it is up
        else:
            return
