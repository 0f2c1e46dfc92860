"""A database of the test's own, for what the suite's database hides: commits, parallel connections, lost triggers.

Tests otherwise run inside one transaction on one connection. What is done here happens in threads with real
connections to a copy of the migrated database, and nothing of it reaches other tests.
"""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections


class OwnDatabase:
    """Does things in threads of their own, each with its own connection."""

    def do(self, call: Callable[[], Any]) -> Any:
        """What the call returns; what it raises is raised here."""
        [result] = self.together([call])
        if isinstance(result, BaseException):
            raise result
        return result

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """All calls at once; each one's result, or the exception it raised, in the order of the calls."""
        results: list[Any] = [None] * len(calls)
        start = threading.Barrier(len(calls))
        threads = [
            threading.Thread(target=_call, args=(call, start, results, place)) for place, call in enumerate(calls)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results


def _call(call: Callable[[], Any], start: threading.Barrier, results: list[Any], place: int) -> None:
    try:
        connection.ensure_connection()
        start.wait(timeout=30)
        results[place] = call()
    except BaseException as raised:  # noqa: BLE001  # handed to the test, whatever it is
        results[place] = raised
    finally:
        connection.close()


@pytest.fixture(scope="session")
def _migrated(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Path]:
    """A copy of the migrated, empty database that nobody works on."""
    path = tmp_path_factory.mktemp("own") / "template.sqlite3"
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            with sqlite3.connect(path) as copy:
                connection.connection.backup(copy)
            copy.close()
        else:
            _copy_postgresql(_suites_name(), f"{_suites_name()}_template")
    yield path
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            _drop_postgresql(f"{_suites_name()}_template")


@pytest.fixture
def own_database(
    db: None, _migrated: Path, django_db_blocker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OwnDatabase]:
    own = str(tmp_path / "own.sqlite3")
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            shutil.copy(_migrated, own)
        else:
            own = f"{_suites_name()}_own"
            _copy_postgresql(f"{_suites_name()}_template", own)
        # A new mapping, so that this thread's connection keeps pointing where it did.
        changed = {**connections.settings["default"], "NAME": own, "CONN_MAX_AGE": 0}
        monkeypatch.setitem(connections.settings, "default", changed)
        yield OwnDatabase()
        if connection.vendor == "postgresql":
            _drop_postgresql(own)


def _suites_name() -> str:
    """The name of the suite's database: one for each process that runs tests."""
    return str(connection.settings_dict["NAME"])


def _copy_postgresql(source: str, copy: str) -> None:
    if source == _suites_name():
        connection.close()  # a template must have no guests
    _drop_postgresql(copy)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{source}"')


def _drop_postgresql(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
