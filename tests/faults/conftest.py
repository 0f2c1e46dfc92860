"""Desks on the database that the run is for: SQLite and files, or with `--database=postgresql` a server of our own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.faults.desks import Desk, copy_of, desk_with, environment_in, migrate
from tests.faults.staff import House, staffed
from tests.fixtures_servers import require_tool
from tests.s3_server import CREDENTIALS, Bucket, Wire, s3_server
from tests.servers import Server
from tests.work.mail_server import PostOffice, running

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
        with psycopg.connect(url) as connection:
            # The suite's own clusters may forget what they have just said is committed; this one is stopped dead.
            connection.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = on")
        migrate(environment_in(tmp_path_factory.mktemp("template"), DATABASE_URL=url))
        yield url, server


@pytest.fixture(scope="session")
def embedded_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database that is set up, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    migrate(environment_in(folder))
    return folder / "assaydesk.sqlite3"


@pytest.fixture(scope="session")
def empty_database(request: pytest.FixtureRequest, at_work: bool) -> Callable[[Path], str]:
    """Puts an empty database where a desk in the folder finds it, and tells its URL ("" for the embedded one)."""
    if at_work:
        template, _ = request.getfixturevalue("postgresql_of_ours")
        return lambda folder: copy_of(template)
    file = request.getfixturevalue("embedded_database")

    def copied(folder: Path) -> str:
        shutil.copy(file, folder)
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
def s3_of_ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bucket, Wire]]:
    """A bucket on a real S3 server, and the way by which a desk gets there, which can be cut."""
    with s3_server(tmp_path_factory.mktemp("s3")) as endpoint:
        yield Bucket(endpoint), Wire(int(endpoint.rpartition(":")[2]))


@pytest.fixture(scope="session")
def post_office() -> PostOffice:
    """A mail server that is away, until a test brings it back."""
    office = PostOffice()
    with running(office):  # so that it has a port
        return office


@pytest.fixture(scope="session")
def servers_beside(request: pytest.FixtureRequest, at_work: bool, post_office: PostOffice) -> dict[str, str]:
    """The settings that name what a desk has beside its database."""
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{post_office.port}"}
    if not at_work:
        return mail
    bucket, wire = request.getfixturevalue("s3_of_ours")
    s3 = {"ARTIFACT_STORE": f"s3://{bucket.name}/house", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}"}
    return {**mail, **CREDENTIALS, **s3, "REDIS_URL": request.getfixturevalue("_own_redis")}


@pytest.fixture(scope="session")
def house(
    at_work: bool,
    servers_beside: dict[str, str],
    empty_database: Callable[[Path], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """A desk with everybody at work and its mail server away; at work with Redis, S3 and two web processes."""
    folder = tmp_path_factory.mktemp("house")
    environment = environment_in(folder, DATABASE_URL=empty_database(folder), **servers_beside)
    with staffed(environment, folder, web_workers=2 if at_work else 1) as staffed_desk:
        yield staffed_desk
