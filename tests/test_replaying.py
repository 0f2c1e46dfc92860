"""What is replayed is what was made, and only what leads to the very same is replayed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from tests import replaying
from tests.factories import live_version, personas, promotion_in
from tests.replaying import replayed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("nothing is replayed on other databases")


@pytest.fixture(autouse=True)
def from_the_start(on_sqlite: None) -> Iterator[None]:
    """Nothing has been recorded before."""
    kept, reached = replaying.tables.kept, replaying.tables.reached
    replaying.tables.kept, replaying.tables.reached = {}, {replaying.EMPTY}
    yield
    replaying.tables.kept, replaying.tables.reached = kept, reached


def whole() -> dict[str, Any]:
    """Every row of every table and every file."""
    rows = {model.__name__: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()}
    folder = Path(settings.ARTIFACT_DIR)
    for event in rows["AuditEvent"]:
        del event["stored_at"]  # said by the database itself, each time anew
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {**rows, "files": files}


def tried(act: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """What it returned and led to, taken back."""
    with transaction.atomic():
        result, found = act(), whole()
        transaction.set_rollback(True)
    for path in sorted(Path(settings.ARTIFACT_DIR).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return result, found


def test_a_promotion_is_replayed_to_the_last_row_and_byte() -> None:
    def act() -> Any:
        live_version()
        promotion = promotion_in("in_review")
        return promotion, promotion.version.model

    (first, made), (second, again) = tried(act), tried(act)
    assert made["AuditEvent"]  # with the moments and random numbers of the first time: it was not made anew
    assert made["files"]
    assert again == made
    assert second == first
    assert second[0].state == "in_review"
    assert second[0] is not first[0]


def test_what_was_not_replayed_differs() -> None:
    (_, made), (_, again) = tried(personas), tried(lambda: (User.objects.create(username="early"), personas()))
    assert again["AuditEvent"][-1]["at"] > made["AuditEvent"][-1]["at"]


def told(calls: list[str]) -> Callable[[str], User]:
    @replayed
    def make(name: str) -> User:
        calls.append(name)
        return User.objects.create(username=name, first_name=str(len(calls)))

    return make


def test_the_same_call_is_made_once() -> None:
    calls: list[str] = []
    make = told(calls)
    assert [tried(lambda: make("one"))[0].first_name for _ in range(3)] == ["1", "1", "1"]
    assert calls == ["one"]


def test_other_arguments_are_made_anew() -> None:
    calls: list[str] = []
    make = told(calls)
    tried(lambda: make("one"))
    tried(lambda: make("two"))
    assert calls == ["one", "two"]


def test_a_row_that_was_written_meanwhile_makes_it_anew_and_one_that_was_taken_back_does_not() -> None:
    calls: list[str] = []
    make = told(calls)
    tried(lambda: make("one"))
    tried(lambda: (User.objects.create(username="another"), make("one")))
    assert calls == ["one", "one"]
    tried(lambda: User.objects.create(username="another"))
    tried(lambda: make("one"))
    assert calls == ["one", "one"]


def test_a_file_that_was_changed_meanwhile_makes_it_anew() -> None:
    calls: list[str] = []
    make = told(calls)
    tried(lambda: make("one"))
    Path(settings.ARTIFACT_DIR).mkdir(parents=True, exist_ok=True)
    Path(settings.ARTIFACT_DIR, "stray").write_bytes(b"x")
    tried(lambda: make("one"))
    assert calls == ["one", "one"]


@pytest.mark.parametrize("what", ["patched code", "another clock", "another setting"])
def test_what_could_lead_elsewhere_makes_it_anew(what: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    calls: list[str] = []
    make = told(calls)
    tried(lambda: make("one"))
    if what == "patched code":
        monkeypatch.setattr(User, "is_staff", True)
    elif what == "another setting":
        settings.LEASE_SECONDS = 7
    with time_machine.travel("2030-01-01T00:00Z") if what == "another clock" else transaction.atomic():
        tried(lambda: make("one"))
    assert calls == ["one", "one"]


def test_the_caller_s_own_object_is_brought_up_to_date_and_comes_back() -> None:
    calls: list[str] = []

    @replayed
    def rename(person: User) -> User:
        calls.append(person.username)
        person.first_name = "Renamed"
        person.save()
        return person

    make = told([])

    def act() -> tuple[User, User]:
        person = make("one")
        return person, rename(person)

    for _ in range(2):
        (person, renamed), found = tried(act)
        assert renamed is person
        assert person.first_name == found["User"][-1]["first_name"] == "Renamed"
    assert calls == ["one"]
