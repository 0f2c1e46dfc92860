"""Taking the record away by the API: for auditors, of what they audit, under the list's filters."""

import json

import pytest

from accounts.actions import grant_role
from accounts.roles import Role
from audit.models import AuditEvent
from tests.api.caller import Caller, ok, problem_of
from tests.factories import model_named, person, persona, personas, promotion_in


@pytest.fixture
def ana(db):
    personas()
    return Caller(persona("ana"))


def events_in(answer):
    assert answer.status_code == 200, answer.getvalue()
    return [json.loads(line) for line in answer.getvalue().decode().split("\n")[:-1]]


def test_an_auditor_takes_all_of_it(ana):
    model_named("loan")
    there = list(AuditEvent.objects.order_by("id").values_list("id", flat=True))
    answer = ana.get("/audit/export")
    assert answer.streaming
    assert answer["Content-Type"] == "application/x-ndjson"
    assert answer["Content-Disposition"].startswith('attachment; filename="assaydesk-audit-')
    assert [line["id"] for line in events_in(answer)] == there


def test_csv_has_a_line_for_each_event(ana):
    model_named("loan")
    count = AuditEvent.objects.filter(model_name="loan").count()
    answer = ana.get("/audit/export", format="csv", model="LOAN")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.getvalue().decode().count("\r\n") == count + 1


def test_an_auditor_of_one_model_takes_what_is_about_it(db):
    personas()
    loan, fare = model_named("loan"), model_named("fare")
    otto = person("Otto Dit", Role.AUDITOR, model=loan)
    grant_role(Role.VIEWER, to=otto, actor=None, model=fare)
    caller = Caller(otto)
    assert {line["event"]["model_name"] for line in events_in(caller.get("/audit/export"))} == {"loan"}
    assert "its auditors" in problem_of(caller.get("/audit/export", model="fare"), 403, "not_permitted")["detail"]
    assert problem_of(caller.get("/audit/export", model="nowhere"), 403, "not_permitted")


def test_the_events_of_one_promotion_are_listed_and_taken_by_its_number(ana):
    promotion, other = promotion_in("in_review"), promotion_in("in_review")
    listed = ok(ana.get("/audit", promotion=promotion.pk))["items"]
    assert {(event["subject_kind"], event["subject_id"]) for event in listed} == {("promotion", str(promotion.pk))}
    taken = events_in(ana.get("/audit/export", promotion=promotion.pk))
    assert [line["id"] for line in taken] == sorted(event["id"] for event in listed)
    assert ok(ana.get("/audit", promotion=other.pk + 1))["items"] == []


def test_the_same_days_hold_in_the_list_and_in_the_file(ana):
    model_named("loan")
    assert ok(ana.get("/audit", until="2001-01-01"))["items"] == []
    assert events_in(ana.get("/audit/export", until="2001-01-01")) == []
    assert ok(ana.get("/audit", since="2001-01-01", model="loan"))["items"]


@pytest.mark.parametrize(
    ("query", "code"),
    [({"since": "soon"}, "bad_time"), ({"until": "2026-02-30"}, "bad_time"), ({"format": "xlsx"}, "malformed")],
)
def test_what_can_not_be_looked_for_is_refused_and_leaves_no_trace(ana, query, code):
    before = AuditEvent.objects.count()
    problem_of(ana.get("/audit/export", **query), 422, code)
    assert AuditEvent.objects.count() == before


def test_taking_it_is_on_the_record_with_the_token_it_came_by(ana):
    ana.get("/audit/export", format="csv", verb="model.created")
    event = AuditEvent.objects.get(verb="audit.exported")
    assert (event.actor, event.channel) == ("ana", "token")
    assert event.token
    assert event.after["filters"] == {"verb": "model.created"}
