"""Whether each part of the installation does its work now. The reasons hold no address, name or secret of a server."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from audit import guards
from registry.stores import StoreError, store
from work.signs import alive

logger = logging.getLogger(__name__)

#: An answer is good for so many seconds: asking often costs nothing, and a stranger can't make the store work.
GOOD_FOR = 5.0
#: For so many it is good enough for who asks while somebody is looking: else a store that hangs would, by those who
#: ask after it, take every thread from the people at work.
GOOD_ENOUGH_FOR = 60.0


@dataclass(frozen=True)
class Finding:
    """One part: whether it does its work, and in words for operators why not (or what else to know)."""

    name: str
    ok: bool
    reason: str = ""

    @property
    def verdict(self) -> str:
        return "ok" if self.ok else "failed"


class NotWell(Exception):
    """A part doesn't do its work; says why."""


_lock = threading.Lock()
_last: tuple[float, list[Finding]] | None = None


def findings() -> list[Finding]:
    """Every part, in a fixed order, as it was at most five seconds ago, or when it was looked at last before the look
    that somebody is taking now. Never raises."""
    global _last  # noqa: PLW0603 - one answer for this process
    last = _last
    if last is not None and time.monotonic() - last[0] < GOOD_ENOUGH_FOR and _lock.locked():
        return last[1]
    with _lock:
        if _last is None or time.monotonic() - _last[0] > GOOD_FOR:
            found = look()
            _last = time.monotonic(), found
        return _last[1]


def look() -> list[Finding]:
    """Every part as it is now. Never raises."""
    return [_finding(name, check) for name, check in CHECKS.items()]


def _finding(name: str, check: Callable[[], str | None]) -> Finding:
    try:
        return Finding(name, ok=True, reason=check() or "")
    except (NotWell, StoreError) as known:
        return Finding(name, ok=False, reason=str(known))
    except DatabaseError:
        connection.close()
        return Finding(name, ok=False, reason="The database can't be asked.")
    except Exception as error:  # whatever it is, the part isn't well; its words, which might hold a secret, stay here
        logger.exception("Looking whether %s does its work failed", name)
        return Finding(name, ok=False, reason=f"It failed with {type(error).__name__}; see the log.")


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    waiting = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    if waiting:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in waiting))
        raise NotWell(f"Not applied: {names[:300]}. Run: manage.py migrate")


@cache
def _known_migrations() -> set[tuple[str, str]]:
    """Those of this version of the code; they don't change while it runs."""
    return set(MigrationLoader(None).graph.nodes)


def _audit() -> str | None:
    if absent := guards.missing():
        raise NotWell(f"The record isn't guarded: {', '.join(sorted(absent))} missing. Run: manage.py migrate")
    if guards.can_be_dropped():
        return (
            "Warning: the database role in use owns the record and can drop its guards. Use another (README, At work)."
        )
    return None


def _queue() -> None:
    if not settings.REDIS_URL:
        options: dict[str, str] = settings.CELERY["broker_transport_options"]  # type: ignore[assignment]
        _try_out_folder(Path(options["data_folder_out"]))
        return
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as server:
            server.ping()
    except redis.RedisError as error:
        raise NotWell(f"Redis doesn't answer ({type(error).__name__}). Nothing is lost; work waits.") from error


def _try_out_folder(folder: Path) -> None:
    file = folder / f"try-out-{uuid4()}"
    try:
        file.write_bytes(b"here")
        file.unlink()
    except OSError as error:
        raise NotWell(f"The queue's folder can't be written to: {error.strerror}.") from error


def _part(part: str, *, called: str) -> str:
    count = alive(part).count()
    if not count:
        raise NotWell(f"No {called} is there. Start one (README, At work).")
    return f"{count} seen"


def _store() -> None:
    store().try_out()


def _isolation() -> str | None:
    if not settings.REQUIRE_ISOLATION:
        return "not required"
    workers = list(alive("gates"))
    if not workers:
        raise NotWell("No worker for gates is there to say whether it can isolate models.")
    without = [worker.who for worker in workers if worker.notes.get("isolation") != "bubblewrap"]
    if without:
        raise NotWell(f"No bubblewrap on {', '.join(without)}: models aren't run there. Install it and restart them.")
    return None


CHECKS: dict[str, Callable[[], Any]] = {
    "database": _database,
    "migrations": _migrations,
    "audit": _audit,
    "queue": _queue,
    "gates": partial(_part, "gates", called="worker for gates"),
    "mail": partial(_part, "mail", called="worker for mail"),
    "sweeper": partial(_part, "sweeper", called="sweeper"),
    "store": _store,
    "isolation": _isolation,
}
