"""Assaydesks of their own for fault tests: a real database and queue, reached by real processes only."""

import json
import os
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # seconds; only a failing test ever waits that long, or one on a very busy machine


class Desk:
    """One installation: what makes its processes meet is the environment they are given."""

    def __init__(self, environment: Mapping[str, str], clerk: "subprocess.Popen[str]") -> None:
        self.environment = environment
        self._clerk = clerk

    def play(self, module: str, function: str, **given: Any) -> Any:
        """What the function of tests.faults.`module` returned, called on this desk by a process of its own."""
        assert self._clerk.stdin is not None
        assert self._clerk.stdout is not None
        self._clerk.stdin.write(json.dumps([module, function, given]) + "\n")
        self._clerk.stdin.flush()
        if not select.select([self._clerk.stdout], [], [], PATIENCE)[0]:
            raise AssertionError(f"{module}.{function} took more than {PATIENCE} s.")
        answer = json.loads(self._clerk.stdout.readline() or '{"raised": "The clerk has ended."}')
        assert "returned" in answer, answer["raised"]
        return answer["returned"]


@contextmanager
def desk_with(environment: Mapping[str, str]) -> Iterator[Desk]:
    """A desk in this environment, its database being set up, and somebody who plays scenarios on it."""
    clerk = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.clerk"],
        env={**os.environ, **environment},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with clerk:
        try:
            yield Desk(environment, clerk)
        finally:
            clerk.kill()


def environment_in(folder: Path, **further: str) -> dict[str, str]:
    """Of a desk that keeps its files in `folder`. Leases are short, so that dead workers are missed soon."""
    return {
        "VAR_DIR": str(folder),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "EMAIL_URL": "",
        "ARTIFACT_STORE": "",
        "PUBLIC_URL": "",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LEASE_SECONDS": "2",
        "REQUIRE_ISOLATION": "false",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        **further,
    }


def migrate(environment: Mapping[str, str]) -> None:
    """Sets the desk's database up."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, **environment}, cwd=ROOT, check=True, timeout=PATIENCE)


def copy_of(url: str) -> str:
    """The URL of a new database with what the one at `url` holds, which nobody may be connected to."""
    server, _, original = url.rpartition("/")
    name = f"desk_{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        statement = "CREATE DATABASE {} TEMPLATE {}"
        connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(original)))
    return f"{server}/{name}"
