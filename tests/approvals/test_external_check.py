"""A check that another system makes: review goes on meanwhile, completion waits for its answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import create_person, edit_person, grant_role
from accounts.models import User
from accounts.reasons import Conflict, Forbidden, Invalid, NotFound, Refusal
from accounts.roles import Role
from approvals.actions import report_gate, rerun_gate, withdraw_promotion
from approvals.models import Promotion, Waiver
from audit.models import AuditEvent
from registry.models import Model, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve, standing
from tests.approvals.excepting import WORDS_ONLY, opened, round_in, waive
from tests.factories import persona

HOUR = timedelta(hours=1)


def gates(*reporters: str) -> list[dict[str, Any]]:
    check = {"what": "End-to-end tests", **({"reporters": list(reporters)} if reporters else {})}
    return [{"key": "outside", "kind": "external_check", "parameters": check}, {"key": "card", "kind": "card_complete"}]


def awaiting(version: Version, *reporters: str, **given: Any) -> Promotion:
    """In review; its worker has run the gates, and the check waits for its answer."""
    promotion = factories.run_gates(opened(version, gates=gates(*reporters), **given))
    assert promotion.state == "in_review"
    return promotion


def both_approve(promotion: Promotion) -> Promotion:
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    return promotion


@pytest.fixture
def pipeline(loan: Model) -> User:
    """A service account that contributes."""
    program = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=program, actor=None)
    return program


def report(promotion: Promotion, who: User, outcome: str = "passed", **given: Any) -> Promotion:
    told = {"summary": f"{outcome}: 50 tests", **given}
    report_gate(promotion, told.pop("key", "outside"), actor=who, outcome=outcome, **told)
    promotion.refresh_from_db()
    return promotion


def refused(promotion: Promotion, who: User, outcome: str = "passed", **given: Any) -> Refusal:
    before = snapshots.rows()
    with pytest.raises(Refusal) as caught:
        report(promotion, who, outcome, **given)
    assert snapshots.rows() == before
    return caught.value


# --- While it is awaited ------------------------------------------------------------------------------


def test_it_waits_and_says_for_whom(version: Version) -> None:
    run = awaiting(version, "jenkins").gate_runs.get(key="outside")
    assert (run.outcome, run.summary) == ("waiting", "End-to-end tests: to be reported by jenkins")


def test_people_approve_meanwhile_and_its_pass_completes(version: Version, pipeline: User) -> None:
    promotion = both_approve(awaiting(version))
    assert (promotion.state, promotion.look_again_at) == ("approved", None)
    assert round_in(promotion, timedelta(days=7)).state == "approved"
    assert report(promotion, pipeline).state == "completed"
    assert standing(promotion) == ["riley", "sam"]
    assert Version.objects.get(pk=version.pk).stage == "Production"


def test_a_pass_before_the_last_approval_keeps_the_first_one(version: Version, pipeline: User) -> None:
    promotion = awaiting(version)
    approve(promotion, persona("riley"), "model")
    seal = promotion.seal
    report(promotion, pipeline)
    assert (promotion.state, promotion.seal, standing(promotion)) == ("in_review", seal, ["riley"])
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_a_pass_does_not_end_another_wait(version: Version, pipeline: User) -> None:
    when = timezone.now() + HOUR
    promotion = both_approve(awaiting(version, not_before=when))
    assert (promotion.state, promotion.look_again_at) == ("approved", None)
    promotion = report(promotion, pipeline)
    assert (promotion.state, promotion.look_again_at) == ("approved", when)
    assert round_in(promotion, HOUR).state == "completed"


def test_a_pass_after_an_approver_left_asks_another(version: Version, pipeline: User) -> None:
    promotion = both_approve(awaiting(version))
    sam = persona("sam")
    sam.is_active = False
    edit_person(sam, actor=None)
    assert report(promotion, pipeline).state == "in_review"


def test_a_failure_blocks_what_was_approved_and_approvals_that_rest_on_it_fall(
    version: Version, pipeline: User
) -> None:
    slots = [WORDS_ONLY[0], {"key": "risk", "role": "approver"}]
    promotion = report(both_approve(awaiting(version, slots=slots)), pipeline, "failed")
    assert (promotion.state, standing(promotion)) == ("blocked", ["riley"])
    assert report(promotion, pipeline).state == "in_review"


def test_it_is_awaited_anew_when_it_is_asked_again(version: Version, pipeline: User) -> None:
    promotion = report(awaiting(version), pipeline)
    rerun_gate(promotion, "outside", actor=persona("dana"), reason="The cluster was rebuilt.")
    promotion = both_approve(factories.run_gates(promotion))
    assert promotion.state == "approved"
    assert report(promotion, pipeline).state == "completed"


def test_an_answer_may_come_before_the_worker_has_asked(version: Version, pipeline: User) -> None:
    promotion = opened(version, gates=gates())
    report(promotion, pipeline)
    promotion = factories.run_gates(promotion)
    assert promotion.gate_runs.get(key="outside", is_current=True).outcome == "passed"
    assert both_approve(promotion).state == "completed"


# --- What is kept of it ---------------------------------------------------------------------------------


def test_the_answer_is_a_run_of_its_own_with_its_words_and_where_to_read_more(version: Version, pipeline: User) -> None:
    promotion = report(awaiting(version), pipeline, summary=" 50 of 50 ", url="https://ci.example.org/7")
    before, run = promotion.gate_runs.filter(key="outside").order_by("number")
    assert (before.outcome, before.is_current) == ("waiting", False)
    assert (run.number, run.outcome, run.summary, run.provenance) == (2, "passed", "50 of 50", "reported")
    assert (run.details["url"], run.because) == ("https://ci.example.org/7", f"reported by {pipeline.display_name}")
    event = AuditEvent.objects.get(verb="gate.reported")
    assert (event.actor, event.after["outcome"], event.after["summary"]) == ("pipeline", "passed", "50 of 50")


def test_a_reported_failure_can_be_waived_and_another_one_voids_that(version: Version, pipeline: User) -> None:
    promotion = report(awaiting(version), pipeline, "failed", summary="1 of 50 tests failed")
    assert waive(promotion, persona("sam"), "outside").state == "in_review"
    assert report(promotion, pipeline, "failed", summary="1 of 50 tests failed").state == "in_review"
    assert report(promotion, pipeline, "failed", summary="50 of 50 tests failed").state == "blocked"
    assert Waiver.objects.get().voided_because == "the gate has a new result"


# --- Who may report, and what -----------------------------------------------------------------------------


def test_where_nobody_is_named_any_contributing_program_reports_and_no_person(version: Version, pipeline: User) -> None:
    promotion = awaiting(version)
    stranger = create_person("stranger", actor=None, is_service=True)
    for who, code in ((persona("dana"), "not_reporter"), (persona("sam"), "not_reporter"), (stranger, "not_permitted")):
        refusal = refused(promotion, who)
        assert (type(refusal), refusal.reason.code) == (Forbidden, code)
    report(promotion, pipeline)


def test_where_somebody_is_named_nobody_else_reports(version: Version, pipeline: User) -> None:
    jenkins = create_person("jenkins", actor=None, is_service=True)
    promotion = awaiting(version, "jenkins")
    refusal = refused(promotion, pipeline)
    assert (type(refusal), refusal.reason.remedy) == (Forbidden, "jenkins reports it.")
    report(promotion, jenkins)
    jenkins.is_active = False
    edit_person(jenkins, actor=None)
    assert refused(promotion, jenkins).reason.code == "inactive"


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        ({"outcome": "waiting"}, Invalid, "unknown_outcome"),
        ({"outcome": "inconclusive"}, Invalid, "unknown_outcome"),
        ({"outcome": "Passed"}, Invalid, "unknown_outcome"),
        ({"summary": " \n"}, Invalid, "no_summary"),
        ({"url": "javascript:alert(1)"}, Invalid, "bad_url"),
        ({"artifact": "0" * 64}, Conflict, "other_artifact"),
        ({"key": "card"}, Conflict, "not_external"),
        ({"key": "speed"}, NotFound, "no_such_gate"),
    ],
)
def test_only_a_clear_answer_about_this_version_is_taken(
    version: Version, pipeline: User, given: dict[str, str], kind: type[Refusal], code: str
) -> None:
    refusal = refused(awaiting(version), pipeline, **given)
    assert (type(refusal), refusal.reason.code) == (kind, code)


def test_the_digest_of_what_was_checked_may_be_sent_along(version: Version, pipeline: User) -> None:
    assert report(awaiting(version), pipeline, artifact=version.artifact_digest).state == "in_review"


def test_a_closed_promotion_takes_no_answer(version: Version, pipeline: User) -> None:
    promotion = awaiting(version)
    withdraw_promotion(promotion, actor=persona("dana"), reason="Another time.")
    refusal = refused(promotion, pipeline)
    assert (type(refusal), refusal.reason.code) == (Conflict, "closed")
