"""Desks on the database that the run is for: SQLite and files, or with `--database=postgresql` a server of our own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.audit.own_database import _migrated
from tests.faults.desks import Desk, copy_of, desk_with, environment_in, migrate
from tests.faults.staff import House, staffed
from tests.fixtures_servers import require_tool
from tests.s3_server import CREDENTIALS, Bucket, Wire, s3_server
from tests.servers import Server
from tests.work.mail_server import PostOffice, running

__all__ = ["_migrated"]

#: Nobody listens there: the discard port, which no program of today uses.
NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="session")
def at_work(request: pytest.FixtureRequest) -> bool:
    """Whether the run is for the servers of a real installation."""
    return bool(request.config.getoption("database") == "postgresql")


@pytest.fixture(scope="session")
def postgresql_of_ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Server]]:
    """A PostgreSQL that these tests may stop, and a database on it that is set up, to be copied."""
    with servers.postgresql_server(require_tool("postgresql")) as (url, server):
        migrate(environment_in(tmp_path_factory.mktemp("template"), DATABASE_URL=url))
        yield url, server


@pytest.fixture(scope="session")
def empty_database(request: pytest.FixtureRequest, at_work: bool) -> Callable[[Path], str]:
    """Puts an empty database where a desk in the folder finds it, and tells its URL ("" for the embedded one)."""
    if at_work:
        template, _ = request.getfixturevalue("postgresql_of_ours")
        return lambda folder: copy_of(template)
    file = request.getfixturevalue("_migrated")

    def copied(folder: Path) -> str:
        shutil.copy(file, folder / "assaydesk.sqlite3")
        return ""

    return copied


@pytest.fixture(scope="session")
def unstaffed_desk(
    at_work: bool, empty_database: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """A desk where nobody works, for people who act at once. At work, its Redis and mail server are away."""
    folder = tmp_path_factory.mktemp("unstaffed")
    away = {"REDIS_URL": f"redis://{NOWHERE}/0", "EMAIL_URL": f"smtp://{NOWHERE}"} if at_work else {}
    with desk_with(environment_in(folder, DATABASE_URL=empty_database(folder), **away)) as desk:
        yield desk


@pytest.fixture(scope="session")
def wire(at_work: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire | None]:
    """At work: the way to a real S3 server, which can be cut."""
    if not at_work:
        yield None
        return
    with s3_server(tmp_path_factory.mktemp("s3")) as endpoint:
        Bucket(endpoint)
        yield Wire(int(endpoint.rpartition(":")[2]))


@pytest.fixture(scope="session")
def post_office() -> PostOffice:
    """A mail server that is away, until a test brings it back."""
    office = PostOffice()
    with running(office):  # so that it has a port
        return office


@pytest.fixture(scope="session")
def house(
    request: pytest.FixtureRequest,
    at_work: bool,
    wire: Wire | None,
    post_office: PostOffice,
    empty_database: Callable[[Path], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """A desk with everybody at work and its mail server away; at work with Redis, S3 and two web processes."""
    folder = tmp_path_factory.mktemp("house")
    servers_of_it = {"EMAIL_URL": f"smtp://127.0.0.1:{post_office.port}", "DATABASE_URL": empty_database(folder)}
    if wire is not None:
        servers_of_it |= {"REDIS_URL": request.getfixturevalue("_own_redis"), "ARTIFACT_STORE": "s3://models/house"}
        servers_of_it |= {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}"}
    with staffed(environment_in(folder, **servers_of_it), folder, web_workers=2 if at_work else 1) as staffed_desk:
        yield staffed_desk
