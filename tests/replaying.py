"""Set-up that was made once is written again instead of being worked out again.

What a factory does through the real actions takes tens of milliseconds, and thousands of tests begin with the same
calls. The first call in a process is real, and the statements that wrote are kept; a later one, on a database that
the very same statements have led to, runs these statements and puts the same files in their place. It is worth only
as much as "the very same": the tables are known by every statement since they were empty, files by their content, and
whatever else could lead elsewhere (patched code, another clock, other settings, objects in another state) by itself.
On PostgreSQL nothing is replayed, so that the suite there shows that replaying changes nothing.
"""

import functools
import io
import pickle
import stat
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest
import time_machine
from django.conf import UserSettingsHolder, settings
from django.db import connection, models, transaction

from audit import origin

P = ParamSpec("P")
R = TypeVar("R")

EMPTY = 0  # what tables are known by before a test has written anything
READING = ("SELECT", "PRAGMA", "EXPLAIN")
FOLDERS = ("ARTIFACT_DIR", "MAIL_DIR")  # each test has its own
Files = dict[tuple[str, str], tuple[int, bytes]]  # by setting and path within: mode, and a file's content


@dataclass(frozen=True)
class Recording:
    """What one call came to."""

    statements: list[tuple[str, Any, bool]]
    point: int
    files: Files
    after_commit: list[tuple[Callable[[], Any], bool]]
    objects: bytes


@dataclass
class Tables:
    """What the tables hold, as far as is known, and what was ever recorded on the way there."""

    test: pytest.Item | None = None  # None also in a process that only borrows the factories
    point: int | None = EMPTY
    savepoints: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    written: list[tuple[str, Any, bool]] = field(default_factory=list)  # since the outermost recording began
    recording: int = 0
    reached: set[int] = field(default_factory=lambda: {EMPTY})
    kept: dict[tuple[Any, ...], Recording] = field(default_factory=dict)

    def watch(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django calls this around each statement."""
        result = execute(sql, params, many, context)
        word, _, rest = sql.lstrip("( ").partition(" ")
        if word == "BEGIN":  # the tables are as the migrations left them
            self.point = EMPTY
        elif word == "SAVEPOINT":
            self.savepoints[rest] = (self.point, len(self.written))
        elif word == "ROLLBACK":
            self.point, length = self.savepoints.get(rest.rpartition(" ")[2], (None, 0))
            del self.written[length:]
        elif word not in READING and word != "RELEASE":
            self.wrote(sql, params, many)
        return result

    def wrote(self, sql: str, params: Any, many: bool) -> None:
        if self.recording:
            self.written.append((sql, params, many))
        if self.point is not None:
            told = tuple(map(tuple, params)) if many else tuple(params or ())
            try:
                self.point = hash((self.point, sql, told))
            except TypeError:  # a parameter that can change has no hash
                self.point = None


tables = Tables()


def forget() -> None:
    """After tests that committed: emptied tables go on counting where they were."""
    tables.kept.clear()
    tables.reached = {EMPTY}


def begin(item: pytest.Item) -> None:
    """Before each test."""
    tables.test = item
    if tables.watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(tables.watch)


# --- Whether it is the very same ----------------------------------------------------------------------


def is_ordinary() -> bool:
    """Whether code, clock and tables are those of any other test."""
    if tables.test is None:
        return False
    patched = tables.test.funcargs.get("monkeypatch")  # type: ignore[attr-defined]
    return (
        connection.vendor == "sqlite"
        and connection.in_atomic_block
        and tables.point in tables.reached
        and not settings.ARTIFACT_STORE
        and origin.present().channel == "command"  # no request's, no worker's
        and not time_machine.escape_hatch.is_travelling()
        and not (patched and (patched._setattr or patched._setitem))
    )


def other_settings() -> str:
    """Those that this test has changed, but for its folders."""
    found, holder = [], settings._wrapped
    while isinstance(holder, UserSettingsHolder):
        changed = vars(holder).items()
        found += [f"{name}={value!r}" for name, value in changed if name.isupper() and name not in FOLDERS]
        holder = holder.default_settings
    return "\n".join(found)


def files_of_the_test() -> Files:
    found: Files = {}
    for name in FOLDERS:
        folder = Path(getattr(settings, name))
        for path in folder.rglob("*") if folder.exists() else ():
            content = path.read_bytes() if path.is_file() else b""
            found[name, str(path.relative_to(folder))] = (path.stat().st_mode, content)
    return found


def put_in_place(files: Files) -> None:
    for (name, within), (mode, content) in sorted(files.items()):
        path = Path(getattr(settings, name)) / within
        if stat.S_ISDIR(mode):
            path.mkdir(mode=mode, parents=True, exist_ok=True)
        else:
            path.write_bytes(content)
            path.chmod(mode)


def fingerprint(files: Files) -> tuple[Any, ...]:
    return tuple(sorted((*where, mode, zlib.crc32(content)) for where, (mode, content) in files.items()))


# --- Objects ------------------------------------------------------------------------------------------


class Pickler(pickle.Pickler):
    """Leaves what the caller gave as "the first thing given" and so on: it stays the caller's own object."""

    def __init__(self, to: io.BytesIO, given: list[models.Model]) -> None:
        super().__init__(to)
        self._given = given

    def persistent_id(self, thing: Any) -> int | None:
        return next((place for place, mine in enumerate(self._given) if mine is thing), None)


class Unpickler(pickle.Unpickler):
    def __init__(self, kept: bytes, given: list[models.Model]) -> None:
        super().__init__(io.BytesIO(kept))
        self._given = given

    def persistent_load(self, place: int) -> models.Model:
        return self._given[place]


def pickled(things: Any, given: list[models.Model], *, by_value: bool = False) -> bytes:
    """`by_value`: the same for equal things, whether or not their parts are one object in two places."""
    to = io.BytesIO()
    pickler = Pickler(to, given)
    pickler.fast = by_value
    pickler.dump(things)
    return to.getvalue()


def states_of(given: list[models.Model]) -> list[dict[str, Any]]:
    return [dict(vars(thing)) for thing in given]


def told_of(thing: models.Model) -> dict[str, Any]:
    """Its state, the same before and after a pickle."""
    state = thing._state
    apart = {"_state": (state.db, state.adding, state.fields_cache), "_django_version": None}
    return {**vars(thing), **apart, "class": type(thing)}


# --- Recording and replaying --------------------------------------------------------------------------


def replayed(make: Callable[P, R]) -> Callable[P, R]:
    """For set-up that comes to the same whenever tables, files and arguments are the same."""

    @functools.wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> R:
        if not is_ordinary():
            return make(*args, **kwargs)
        given = [thing for thing in (*args, *kwargs.values()) if isinstance(thing, models.Model)]
        files = files_of_the_test()
        try:
            told = pickled((args, kwargs, list(map(told_of, given))), given, by_value=True)
        except (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError):
            return make(*args, **kwargs)  # given a function, say, or objects that lead round in a circle
        key = (tables.point, make, told, fingerprint(files), other_settings())
        if key in tables.kept:
            return replay(tables.kept[key], given)  # type: ignore[no-any-return]
        return record(key, lambda: make(*args, **kwargs), given, files)

    return made


def record(key: tuple[Any, ...], make: Callable[[], R], given: list[models.Model], before: Files) -> R:
    first, waiting = len(tables.written), len(connection.run_on_commit)
    tables.recording += 1
    try:
        result = make()
        statements = tables.written[first:]
    finally:
        tables.recording -= 1
        if not tables.recording:
            tables.written.clear()
    files = files_of_the_test()
    if tables.point is not None and before.keys() <= files.keys():
        tables.kept[key] = Recording(
            statements,
            tables.point,
            {where: found for where, found in files.items() if before.get(where) != found},
            [(act, robust) for _, act, robust in connection.run_on_commit[waiting:]],
            pickled((states_of(given), result), given),
        )
        tables.reached.add(tables.point)
    return result


def replay(kept: Recording, given: list[models.Model]) -> Any:
    with connection.cursor() as cursor:
        for sql, params, many in kept.statements:
            # Past Django's own wrappers: these statements are known already.
            (cursor.cursor.executemany if many else cursor.cursor.execute)(sql, params)
            cursor.cursor.fetchall()
    if tables.recording:
        tables.written += kept.statements
    tables.point = kept.point
    put_in_place(kept.files)
    for act, robust in kept.after_commit:
        transaction.on_commit(act, robust=robust)
    states, result = Unpickler(kept.objects, given).load()
    for thing, state in zip(given, states, strict=True):
        vars(thing).clear()
        vars(thing).update(state)
    return result
