"""Waivers, external checks, restart, take-over and `not_before` by the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import create_person, grant_role
from accounts.models import User
from approvals.models import Promotion, Waiver
from registry.models import Model
from tests import factories
from tests.api.caller import Caller, ok, problem_of
from tests.approvals.excepting import blocked, opened
from tests.approvals.operating import publish_own
from tests.factories import persona

EXTERNAL = {"key": "bias-audit", "kind": "external_check", "title": "Bias audit", "parameters": {"what": "Bias audit"}}


@pytest.fixture
def governed(people: Any) -> Model:
    factories.policies()
    return factories.model_named("loan")


@pytest.fixture
def approver(people: Any) -> Caller:
    return Caller(persona("sam"), "read", "review")


def path_of(promotion: Promotion) -> str:
    return f"/promotions/{promotion.pk}"


def gate(told: dict[str, Any], key: str) -> dict[str, Any]:
    return next(gate for gate in told["gates"] if gate["key"] == key)


# --- Waivers -----------------------------------------------------------------------------------------


def test_an_approver_waives_the_outcome_that_was_read(approver: Caller, governed: Model) -> None:
    path = path_of(blocked(factories.version_of(governed)))
    failed = gate(ok(approver.get(path)), "lineage")
    until = (timezone.now() + timedelta(days=30)).isoformat()
    sent = {"reason": "Known.", "digest": failed["digest"], "expires_at": until}
    told = ok(approver.post(f"{path}/gates/lineage/waive", sent))
    assert told["state"] == "in_review"
    waived = gate(told, "lineage")
    assert (waived["outcome"], waived["waiver"]["by"], waived["waiver"]["reason"]) == ("failed", "sam", "Known.")
    problem_of(approver.post(f"{path}/gates/lineage/waive", sent), 409, "waived_already")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"digest": "another"}, 409, "promotion_moved"),
        ({"reason": " "}, 422, "no_reason"),
        ({"reason": None}, 422, "malformed"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "past"),
        ({"expires_at": "2030-01-01T00:00:00"}, 422, "malformed"),
        ({"expires_at": "soon"}, 422, "malformed"),
        ({"all": True}, 422, "malformed"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_waiver_that_makes_no_sense_is_refused(
    approver: Caller, governed: Model, change: dict[str, Any], status: int, code: str
) -> None:
    path = path_of(blocked(factories.version_of(governed)))
    digest = gate(ok(approver.get(path)), "lineage")["digest"]
    sent = {"reason": "Known.", "digest": digest, **change}
    problem_of(approver.post(f"{path}/gates/lineage/waive", sent), status, code)
    assert not Waiver.objects.exists()


def test_what_passed_or_is_damaged_cannot_be_waived(approver: Caller, governed: Model) -> None:
    path = path_of(blocked(factories.version_of(governed), "integrity"))
    sent = {"reason": "Known.", "digest": "x"}
    problem_of(approver.post(f"{path}/gates/integrity/waive", sent), 409, "not_waivable")
    problem_of(approver.post(f"{path}/gates/card/waive", sent), 409, "nothing_to_waive")
    problem_of(approver.post(f"{path}/gates/no-such/waive", sent), 404, "no_such_gate")


def test_a_token_for_work_waives_nothing(dana: Caller, governed: Model) -> None:
    path = path_of(blocked(factories.version_of(governed)))
    problem_of(dana.post(f"{path}/gates/lineage/waive", {"reason": "x", "digest": "x"}), 403, "wrong_scope")
    reviewing = Caller(persona("riley"), "review")
    problem_of(reviewing.post(f"{path}/gates/lineage/waive", {"reason": "x", "digest": "x"}), 403, "not_approver")


# --- External checks ---------------------------------------------------------------------------------


@pytest.fixture
def bench(governed: Model) -> Caller:
    """The program that checks from outside."""
    account = create_person("bench", actor=persona("admin"), is_service=True)
    grant_role("contributor", to=account, actor=persona("admin"), model=governed)
    return Caller(account)


def awaiting(model: Model) -> Promotion:
    return factories.run_gates(opened(factories.version_of(model), gates=[EXTERNAL]))


def test_a_report_of_another_system_answers_its_gate(bench: Caller, governed: Model) -> None:
    promotion = awaiting(governed)
    path = path_of(promotion)
    assert gate(ok(bench.get(path)), "bias-audit")["outcome"] == "waiting"
    sent = {
        "outcome": "failed",
        "summary": "Group north differs by 9 points.",
        "url": "https://bench.example.org/7",
        "artifact": promotion.version.artifact_digest,
    }
    told = gate(ok(bench.post(f"{path}/gates/bias-audit/report", sent)), "bias-audit")
    assert (told["outcome"], told["summary"], told["provenance"]) == ("failed", sent["summary"], "reported")
    told = ok(bench.post(f"{path}/gates/bias-audit/report", {**sent, "outcome": "passed"}))
    assert (told["state"], gate(told, "bias-audit")["run"]) == ("in_review", 3)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"outcome": "inconclusive"}, 422, "malformed"),
        ({"summary": " "}, 422, "no_summary"),
        ({"url": "javascript:alert(1)"}, 422, "bad_url"),
        ({"artifact": "sha256:" + "0" * 64}, 409, "other_artifact"),
        ({"score": 1}, 422, "malformed"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_report_that_is_no_clear_answer_is_refused(
    bench: Caller, governed: Model, change: dict[str, Any], status: int, code: str
) -> None:
    promotion = awaiting(governed)
    sent = {"outcome": "passed", "summary": "Fine.", **change}
    problem_of(bench.post(f"{path_of(promotion)}/gates/bias-audit/report", sent), status, code)
    assert promotion.gate_runs.count() == 1


def test_people_and_gates_of_our_own_are_not_reported(bench: Caller, dana: Caller, governed: Model) -> None:
    promotion = factories.run_gates(
        opened(factories.version_of(governed), gates=[EXTERNAL, {"key": "card", "kind": "card_complete"}])
    )
    path, sent = path_of(promotion), {"outcome": "passed", "summary": "Fine."}
    problem_of(dana.post(f"{path}/gates/bias-audit/report", sent), 403, "not_reporter")
    problem_of(bench.post(f"{path}/gates/card/report", sent), 409, "not_external")
    problem_of(bench.post(f"{path}/gates/no-such/report", sent), 404, "no_such_gate")


# --- Restart, take-over, not before ------------------------------------------------------------------


def test_a_contributor_restarts_under_the_newer_policy(dana: Caller, governed: Model) -> None:
    promotion = factories.finish_gates(opened(factories.version_of(governed)))
    problem_of(dana.post(f"{path_of(promotion)}/restart", {"reason": "x"}), 409, "policy_current")
    publish_own(governed, {"slots": [{"key": "risk", "role": "approver"}]})
    told = ok(dana.post(f"{path_of(promotion)}/restart", {"reason": "The floor came down."}))
    assert (told["state"], [slot["slot"] for slot in told["slots"]], told["gates"]) == ("in_review", ["risk"], [])
    problem_of(Caller(persona("riley")).post(f"{path_of(promotion)}/restart", {"reason": "x"}), 403, "not_permitted")


def test_a_contributor_takes_over_from_who_left(dana: Caller, governed: Model) -> None:
    cora = factories.person("Cora Steps", "contributor")
    promotion = factories.finish_gates(opened(factories.version_of(governed)))
    path = f"{path_of(promotion)}/take-over"
    problem_of(Caller(cora).post(path, {"reason": "Mine."}), 409, "requester_there")
    User.objects.filter(username="dana").update(is_active=False)
    problem_of(Caller(cora).post(path, {"reason": " "}), 422, "no_reason")
    told = ok(Caller(cora).post(path, {"reason": "Dana moved on."}))
    assert (told["requested_by"], told["taken_over_by"]) == ("dana", [cora.username])


def test_an_approved_promotion_says_what_holds_it_back(dana: Caller, governed: Model) -> None:
    version = factories.version_of(governed)
    tomorrow = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    sent = {"to": "Production", "reason": "Ready.", "not_before": tomorrow.isoformat()}
    publish_own(governed, {"slots": [{"key": "risk", "role": "approver"}]})
    told = ok(dana.post(f"/models/loan/versions/{version.number}/promotions", sent), 201)
    assert told["held_by"] == []
    promotion = Promotion.objects.get(pk=told["id"])
    factories.approve(promotion, persona("sam"), slot="risk")
    told = ok(dana.get(path_of(promotion)))
    assert told["state"] == "approved"
    [held] = told["held_by"]
    assert held.startswith("It was asked for not before")


@pytest.mark.parametrize("moment", ["2027-01-01T09:00:00", "soon", 5.5e30, ""])
def test_a_moment_that_is_none_opens_nothing(dana: Caller, governed: Model, moment: Any) -> None:
    version = factories.version_of(governed)
    sent = {"to": "Production", "not_before": moment}
    problem_of(dana.post(f"/models/loan/versions/{version.number}/promotions", sent), 422, "malformed")
    assert not Promotion.objects.filter(to_stage="Production").exists()
