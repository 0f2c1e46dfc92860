"""Assaydesks of their own for fault tests: a real database and queue, reached by real processes only."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds; only a failing test ever waits that long


@dataclass(frozen=True)
class Desk:
    """One installation: what makes its processes meet is the environment they are given."""

    environment: Mapping[str, str]

    def run(self, *command: str) -> str:
        """Runs a Python program on this desk to its end and returns what it wrote."""
        done = subprocess.run(
            [sys.executable, *command],
            env={**os.environ, **self.environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def play(self, scenario: str, name: str) -> Any:
        """What the function `name` of the module tests.faults.`scenario` returned, run by a process of its own."""
        return json.loads(self.run("-m", f"tests.faults.{scenario}", name).splitlines()[-1])


def fresh_database(url: str) -> str:
    """The URL of a new, empty database beside the one at `url`: desks that keep files apart share no rows."""
    name = f"desk_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{url.rpartition('/')[0]}/{name}"


def embedded_desk_in(folder: Path, empty_desk: Path) -> Desk:
    """A desk on a copy of an empty one."""
    shutil.copytree(empty_desk, folder, dirs_exist_ok=True)
    return Desk(environment_of(folder))


def desk_at_work_in(folder: Path, *, database_url: str, redis_url: str = "") -> Desk:
    """A migrated desk on servers that keeps its files in `folder`."""
    desk = Desk(environment_of(folder, database_url=database_url, redis_url=redis_url))
    desk.run("manage.py", "migrate", "--verbosity", "0")
    return desk


def environment_of(folder: Path, *, database_url: str = "", redis_url: str = "") -> dict[str, str]:
    """Leases are short, so that dead workers are missed soon."""
    return {
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets.token_urlsafe(48) if database_url else "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LEASE_SECONDS": "2",
        "REQUIRE_ISOLATION": "false",
        "PYTHONUNBUFFERED": "1",
    }
