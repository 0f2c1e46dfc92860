"""Servers and tools for tests: `--database`, `require_tool`, and fixtures for tests that need a real server.

A tool that is missing skips the test with a reason; one that is named in ASSAYDESK_TESTS_REQUIRE
(`chromium,postgresql,redis,bubblewrap`, as CI does) fails it instead.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests import servers

REQUIRED = "ASSAYDESK_TESTS_REQUIRE"
TOOLS = {
    "chromium": lambda: _program("chromium", "chromium-browser", "google-chrome", named_by="PLAYWRIGHT_CHROMIUM"),
    "postgresql": servers.postgresql_programs,
    "redis": lambda: _program("redis-server"),
    "bubblewrap": lambda: _program("bwrap"),
}
_servers = pytest.StashKey[ExitStack]()


def find_tool(name: str) -> Path | None:
    """Where the tool is on this machine: a program, or PostgreSQL's folder of programs."""
    return TOOLS[name]()


def require_tool(name: str) -> Path:
    """Where the tool is; without it the test is skipped, or fails where it is required."""
    found = find_tool(name)
    if found is None:
        missing = f"{name} isn't installed on this machine"
        if is_required(name):
            pytest.fail(f"{missing}, and {REQUIRED} names it")
        pytest.skip(missing)
    return found


def is_required(name: str) -> bool:
    return name in os.environ.get(REQUIRED, "").replace(" ", "").split(",")


def _program(*names: str, named_by: str = "") -> Path | None:
    named = os.environ.get(named_by, "")
    found = named or next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


# --- The suite on PostgreSQL and Redis ---------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="postgresql: run on a throw-away PostgreSQL cluster and Redis server",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("database") == "postgresql" and not hasattr(config, "workerinput"):
        config.stash[_servers] = started = ExitStack()
        _start_servers(started)
        _use_worker_processes(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _servers in config.stash:
        config.stash[_servers].close()


def _start_servers(started: ExitStack) -> None:
    missing = [name for name in ("postgresql", "redis") if find_tool(name) is None]
    if missing:
        raise pytest.UsageError(f"--database=postgresql needs these installed: {', '.join(missing)}")
    os.environ["DATABASE_URL"] = started.enter_context(servers.postgresql(require_tool("postgresql")))
    os.environ["REDIS_URL"] = started.enter_context(servers.redis_server(require_tool("redis")))
    # Off the embedded set-up nobody makes a secret by itself.
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + os.urandom(24).hex())


def _use_worker_processes(config: pytest.Config) -> None:
    # This process has read its settings already, from an environment without a DATABASE_URL.
    if config.option.dist == "no":
        config.option.dist, config.option.tx = "load", ["popen"]


# --- Fixtures -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _own_redis() -> Iterator[str]:
    with servers.redis_server(require_tool("redis")) as url:
        yield url


@pytest.fixture
def redis_url(_own_redis: str) -> str:
    """The URL of a real Redis server that no other test process uses; empty at the start of each test."""
    with redis.Redis.from_url(_own_redis) as client:
        client.flushall()
    return _own_redis


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of an empty database on a real PostgreSQL cluster that no other test process uses."""
    with servers.postgresql(require_tool("postgresql")) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of the Chromium that browser tests start."""
    return require_tool("chromium")
