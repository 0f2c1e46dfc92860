"""Every address of both doors × every kind of caller. An address without a row fails the suite."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, get_resolver

from accounts.actions import grant_role, issue_token
from accounts.models import User
from approvals.actions import report_defect
from approvals.actions.exceptions import open_after_review
from approvals.models import AfterReview, Policy, State
from audit.models import AuditEvent
from evidence.actions import compare_evaluations
from registry.actions import find_or_add_pointer
from registry.lineage import Basis, basis_of_dataset
from registry.models import Version
from tests.factories import evidence_of, live_version, model_named, person, persona, personas, promotion_in, version_of
from tests.permission_table import (
    ADMIN,
    API,
    API_ROWS,
    COUNTED,
    EVERYBODY,
    NOTHING_THERE,
    PAGE_ROWS,
    PUBLIC,
    ROLES,
    Row,
)

ALL_SCOPES = ("read", "write", "review", "operate")
REFUSED = {401, 403, 404}
BACKEND = "django.contrib.auth.backends.ModelBackend"


def addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from addresses(pattern.url_patterns, route)


def rows_of(table: dict[str, list[Row]]) -> list[Any]:
    return [
        pytest.param(row, id=f"{row.method} {route} {row.sent.get('action', '') if isinstance(row.sent, dict) else ''}")
        for route, rows in table.items()
        for row in rows
    ]


def test_every_address_has_its_row_and_every_row_its_address():
    there = set(addresses(get_resolver().url_patterns))
    listed = {*API_ROWS, *PAGE_ROWS, *ADMIN, *PUBLIC, *NOTHING_THERE}
    assert there - listed == set(), "add a row to tests/permission_table.py"
    assert listed - there == set(), "remove the row: there is no such address any more"


def test_every_method_of_the_api_has_its_row():
    documented = Client().get("/api/v1/openapi.json").json()["paths"]
    told = {(path, method.upper()) for path, methods in documented.items() for method in methods}
    listed = {
        ("/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route), row.method)
        for route, rows in API_ROWS.items()
        for row in rows
    }
    assert told == listed


# --- The people and things the rows speak of ----------------------------------------------------------


class World:
    """One model with versions in every shape, a promotion in review, and a caller of each kind."""

    files: Path

    def __init__(self) -> None:
        personas()
        loan = model_named("loan")
        promotion = promotion_in(State.IN_REVIEW, model=loan)
        live = live_version(model_named("live")).model
        self.callers = {role: person(role, role, model=loan) for role in ROLES}
        for someone in self.callers.values():
            grant_role("viewer", to=someone, actor=None, model=live)
        self.callers |= {"dana": persona("dana"), "outsider": person("Otto"), "superuser": persona("admin")}
        self.things = {
            "final": promotion.version.number,
            "open": version_of(loan, final=False).number,
            "promotion": promotion.pk,
            "seal": promotion.seal,
            "after_review": open_after_review(
                loan, AfterReview.Cause.ROLLBACK, subject="loan", reason="x", actor=self.callers["operator"]
            ).pk,
            "policy": Policy.objects.order_by("pk")[0].pk,
            "defect": report_defect(self.unused_data(), actor=persona("sam"), reason="x").pk,
            "other": self.version_compared_with(promotion.version).number,
        }
        self.tokens = {name: self.token(name) for name in self.callers}
        self.readers = {name: self.token(name, "read") for name in ("dana", "reviewer")}

    def unused_data(self) -> Basis:
        """Data nothing rests on, so that a bug in it hinders no other row."""
        pointer = {"kind": "git", "location": "spare", "pin": "d" * 40}
        return basis_of_dataset(find_or_add_pointer("spare", actor=persona("dana"), **pointer))

    def version_compared_with(self, version: Version) -> Version:
        other = version_of(version.model)
        compare_evaluations(version.evaluations.get(), evidence_of(other))
        return other

    def token(self, name: str, *scopes: str) -> str:
        return issue_token(self.callers[name], actor=None, scopes=scopes or ALL_SCOPES, days=1)[1]

    def address(self, row: Row) -> str:
        return row.address.format(**self.things)

    def sent(self, row: Row) -> Any:
        if not isinstance(row.sent, dict):
            return row.sent
        return {key: self.things["seal"] if value == "{seal}" else value for key, value in row.sent.items()}

    def call(self, row: Row, token: str | None, *, cookie_of: User | None = None) -> HttpResponse:
        """The row's call by a program; whatever it changes is taken back."""
        client = Client(raise_request_exception=False)
        if cookie_of is not None:
            client.force_login(cookie_of, backend=BACKEND)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        sent = self.sent(row)
        content = json.dumps(sent) if isinstance(sent, dict) else sent
        return undone(lambda: client.generic(row.method, self.address(row), content, row.content_type, headers=headers))

    def visit(self, row: Row, visitor: User | AnonymousUser, *, check_csrf: bool = False) -> HttpResponse:
        """The row's call by a browser; whatever it changes is taken back."""
        browser = Client(raise_request_exception=False, enforce_csrf_checks=check_csrf)
        if isinstance(visitor, User):
            browser.force_login(visitor, backend=BACKEND)
        send = browser.get if row.method == "GET" else browser.post
        return undone(lambda: send(self.address(row), self.sent(row)))


def read_whole(answer: Any) -> Any:
    """The answer, its file read to the end and so closed."""
    if answer.streaming:
        answer.getvalue()
    return answer


def undone(call: Any) -> Any:
    """The call's answer, and how many events it put on record, with whatever it changed taken back."""
    with transaction.atomic():
        before = AuditEvent.objects.count()
        answer = read_whole(call())
        answer.events = AuditEvent.objects.count() - before
        transaction.set_rollback(True)
    return answer


@pytest.fixture(scope="module")
def _world_of_the_module(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    """Made once for all rows, in a transaction that is never committed."""
    files = tmp_path_factory.mktemp("world")
    with django_db_blocker.unblock(), override_settings(ARTIFACT_DIR=files), transaction.atomic():
        made = World()
        made.files = files
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def world(_world_of_the_module: World, db: None, settings: Any) -> World:
    settings.ARTIFACT_DIR = _world_of_the_module.files
    return _world_of_the_module


def expected_of(row: Row, caller: str) -> str:
    if caller in row.permitted:
        return "permitted"
    return "404" if row.hidden and caller in {"outsider", "superuser"} else "403"


def outcome_of(answer: Any, *, reads: bool = False) -> str:
    """A refusal leaves no trace, not even an event; nor does what only reads."""
    refused = answer.status_code in REFUSED or answer.status_code >= 500
    outcome = str(answer.status_code) if refused else "permitted"
    return f"{outcome}, and on record" if answer.events and (refused or reads) else outcome


# --- The API ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows_of(API_ROWS))
def test_each_caller_may_at_the_api_what_the_table_says(world, row):
    expected = {caller: expected_of(row, caller) for caller in EVERYBODY}
    assert {caller: outcome_of(world.call(row, world.tokens[caller])) for caller in EVERYBODY} == expected


@pytest.mark.parametrize("row", rows_of(API_ROWS))
def test_the_api_knows_nobody_without_a_token(world, row):
    assert world.call(row, None).status_code == 401
    assert world.call(row, "nonsense").status_code == 401
    assert world.call(row, None, cookie_of=world.callers["dana"]).status_code == 401


@pytest.mark.parametrize("row", rows_of(API_ROWS))
def test_a_token_does_no_more_than_its_scope(world, row):
    caller = "reviewer" if row.scope == "review" else "dana"
    answer = world.call(row, world.readers[caller])
    if row.scope == "read":
        assert outcome_of(answer) == expected_of(row, caller)
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_scope")


@pytest.mark.parametrize("row", [row for row in rows_of(API_ROWS) if row.values[0].hidden])
def test_what_is_hidden_answers_as_what_is_not_there(world, row):
    """Byte for byte, but for the name the caller sent."""
    if row.permitted >= EVERYBODY:
        return
    there = world.call(row, world.tokens["outsider"])
    absent = Row(**{**vars(row), "address": _absent(row.address)})
    missing = world.call(absent, world.tokens["outsider"])
    assert there.status_code == missing.status_code == 404
    assert _unnamed(there, world) == _unnamed(missing, world)


def _absent(address: str) -> str:
    return (
        address.replace("loan/", "gone/")
        .replace("/live/", "/gone/")
        .replace("models/loan", "models/gone")
        .replace("{promotion}", "999999")
    )


def _unnamed(answer: HttpResponse, world: World) -> str:
    return re.sub(rf"\b(loan|live|gone|999999|{world.things['promotion']})\b", "…", answer.content.decode())


# --- Pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows_of(PAGE_ROWS))
def test_each_person_may_at_the_pages_what_the_table_says(world, row):
    expected = {caller: expected_of(row, caller) for caller in EVERYBODY}
    reads = row.method == "GET" and all(row not in PAGE_ROWS[route] for route in COUNTED)
    visits = {caller: world.visit(row, world.callers[caller]) for caller in EVERYBODY}
    assert {caller: outcome_of(answer, reads=reads) for caller, answer in visits.items()} == expected


@pytest.mark.parametrize("row", rows_of(PAGE_ROWS))
def test_a_visitor_is_sent_to_sign_in(world, row):
    answer = world.visit(row, AnonymousUser())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("row", [row for row in rows_of(PAGE_ROWS) if row.values[0].method == "POST"])
def test_no_form_is_taken_from_another_site(world, row):
    assert world.visit(row, world.callers["dana"], check_csrf=True).status_code == 403


# --- The admin site, and what is open -----------------------------------------------------------------


def admin_address(route: str) -> str:
    numbered = re.sub(r"<(?:path:)?(?:object_id|content_type_id|id)>", "1", route)
    return "/" + numbered.replace("^(?P<app_label>work|accounts|auth|approvals)/$", "accounts/").replace(
        "(?P<url>.*)$", "no"
    )


@pytest.mark.parametrize("route", ADMIN)
def test_only_staff_gets_into_the_admin_site(world, route):
    for caller in [None, "dana", "approver", "administrator", "outsider"]:
        browser = Client(raise_request_exception=False)
        if caller:
            browser.force_login(world.callers[caller], backend=BACKEND)
        for method in ("get", "post"):
            answer = undone(lambda browser=browser, method=method: getattr(browser, method)(admin_address(route)))
            assert answer.status_code in {302, 405}, (caller, method)
            assert answer.status_code == 405 or "/admin/login/" in answer["Location"] or route == "admin/logout/"


#: A GET by anybody is not what these are for: each has a test of its own.
OTHERWISE_PUBLIC = {"theme/", "favicon.ico", "letters/stop/<str:token>/"}


@pytest.mark.parametrize("route", [route for route in PUBLIC if route not in OTHERWISE_PUBLIC])
def test_what_is_public_is_open_to_visitors(world, route):
    # Without a worker here, /readyz says that not all is well; it says so to everybody.
    assert Client().get(f"/{route}").status_code == (503 if route == "readyz" else 200)


def test_the_icon_browsers_ask_for_is_the_mark(world):
    answer = Client().get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/assaydesk/mark.svg")


def test_choosing_a_theme_changes_nothing_but_a_cookie(world):
    before = AuditEvent.objects.count()
    assert Client().post("/theme/", {"theme": "dark"}).status_code == 302
    assert Client().get("/theme/").status_code == 405
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("address", ["/api/v1/", "/api/v1/nothing"])
def test_where_nothing_is_nothing_answers(world, address):
    headers = {"Authorization": f"Bearer {world.tokens['dana']}"}
    assert Client(raise_request_exception=False).get(address, headers=headers).status_code == 404


def test_the_api_is_where_the_table_says():
    assert all(route.startswith(API) for route in API_ROWS)
