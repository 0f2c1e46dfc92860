"""The throw-away servers of the tests themselves: real, private, gone afterwards."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests import fixtures_servers
from tests.fixtures_servers import require_tool
from tests.processes import Process, wait_until_gone

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parent.parent.parent
START_AND_WAIT = """
import signal, sys
from pathlib import Path
from tests import servers
with getattr(servers, sys.argv[1])(Path(sys.argv[2])) as url:
    print("up", url, flush=True)
    signal.sigwait([signal.SIGUSR1])
"""


def test_postgresql_is_real_and_asks_for_its_password(postgresql_url):
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("assaydesk",)
    address = postgresql_url.partition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://assaydesk:guessed@{address}")


def test_redis_is_real_and_asks_for_its_password(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left by a test", 1)
    address = redis_url.partition("@")[2]
    with (
        redis.Redis.from_url(f"redis://:guessed@{address}") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_redis_is_empty_again_for_the_next_test(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_missing_tool_skips_a_test_by_default_and_fails_it_where_required(monkeypatch):
    monkeypatch.setitem(fixtures_servers.TOOLS, "redis", lambda: None)
    monkeypatch.setenv(fixtures_servers.REQUIRED, "chromium, postgresql")
    with pytest.raises(pytest.skip.Exception, match="redis isn't installed"):
        require_tool("redis")
    monkeypatch.setenv(fixtures_servers.REQUIRED, "chromium, redis")
    with pytest.raises(pytest.fail.Exception, match="ASSAYDESK_TESTS_REQUIRE names it"):
        require_tool("redis")


@pytest.fixture(params=[("postgresql", "postgresql"), ("redis_server", "redis")], ids=["postgresql", "redis"])
def starter(request: pytest.FixtureRequest) -> Iterator[Process]:
    """A process that starts one server and waits."""
    function, tool = request.param
    command = [sys.executable, "-c", START_AND_WAIT, function, str(require_tool(tool))]
    # A server that is killed can't clear its folder away; one whose user isn't ours has to get into it.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        process = Process(command, environment={"PYTHONPATH": str(ROOT), "TMPDIR": folder})
        yield process
        process.end()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_server_ends_with_the_process_that_started_it_even_when_that_is_killed(starter):
    starter.wait_for("up ")
    [server] = [int(child) for child in Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()]
    starter.send(signal.SIGKILL)
    wait_until_gone(server)
