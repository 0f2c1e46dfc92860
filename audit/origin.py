"""How the present act came in: set at each door, written into every event of that act."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Origin:
    """`channel` is browser, token, worker or command; `correlation` joins the events of one act."""

    channel: str
    address: str = ""
    token: str = ""
    correlation: uuid.UUID = field(default_factory=uuid.uuid4)


_present: ContextVar[Origin | None] = ContextVar("origin", default=None)


def present() -> Origin:
    return _present.get() or Origin(channel="command")


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    mark = _present.set(origin)
    try:
        yield
    finally:
        _present.reset(mark)


def note_token(prefix: str) -> None:
    """For the rest of the present act: it came by this token."""
    _present.set(replace(present(), channel="token", token=prefix))
