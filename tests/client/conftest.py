from collections.abc import Callable, Iterator

import pytest

from assaydesk_client import Client
from assaydesk_client.command import main
from tests.client.scripted_server import ScriptedServer, scripted_server

TOKEN = "a-token-for-tests"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as script:
        yield script


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Client]:
    with Client(server.url, TOKEN, pause=lambda _seconds: None) as opened:
        yield opened


@pytest.fixture
def assaydesk(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command, pointed at the scripted server; answers with its exit code."""
    monkeypatch.setenv("ASSAYDESK_URL", server.url)
    monkeypatch.setenv("ASSAYDESK_TOKEN", TOKEN)
    monkeypatch.setattr("assaydesk_client.connection.FIRST_PAUSE", 0.0)
    monkeypatch.setattr("assaydesk_client.waiting.FIRST_INTERVAL", 0.001)
    return lambda *arguments: main([str(argument) for argument in arguments])
