import contextlib
from datetime import UTC, datetime

import pytest
import time_machine
from kombu.exceptions import OperationalError

from tests.audit.own_database import _migrated, own_database
from work import actions

__all__ = ["_migrated", "own_database"]

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    """The time, moved by the test."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


class Queue:
    """Stands for the broker: what was sent, and whether it can be reached."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, str]] = []
        self.tried = 0
        self.dead: Exception | None = None

    def send_task(self, name, args, queue, retry):
        assert retry is False  # a retry would hold up the request that has just committed
        self.tried += 1
        if self.dead is not None:
            raise self.dead
        self.sent.append((name, args[0], queue))

    @contextlib.contextmanager
    def out_of_reach(self, error=None):
        self.dead = error or OperationalError("connection refused")
        yield
        self.dead = None


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    stand_in = Queue()
    monkeypatch.setattr(actions, "current_app", stand_in)
    monkeypatch.setattr(actions._broker, "left_alone_until", 0.0)
    return stand_in
