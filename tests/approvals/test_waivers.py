"""Exceptions for failed gates: who may make them, how long they hold, and what they never do."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.actions import create_person, edit_person, grant_role
from accounts.models import User
from accounts.reasons import Conflict, Forbidden, Invalid, NotFound, PromotionMoved, Refusal
from accounts.roles import Role
from approvals.actions import (
    open_promotion,
    resubmit_promotion,
    review_promotion,
    waive_gate,
    withdraw_promotion,
)
from approvals.models import AfterReview, Promotion, Waiver
from audit.models import AuditEvent
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals import operating, snapshots
from tests.approvals.deciding import approve, refusal_of, standing
from tests.approvals.excepting import HOUR, WORDS_ONLY, blocked, round_in, run_again, waive
from tests.factories import persona


def refused(promotion: Promotion, who: User, key: str = "lineage", **given: Any) -> Refusal:
    return operating.refused(lambda: waive(promotion, who, key, **given))


def test_a_waived_failure_lets_review_begin_and_the_record_says_who_and_why(version: Version) -> None:
    promotion = waive(blocked(version), persona("sam"), reason="The commit is on the paper record.")
    assert promotion.state == "in_review"
    event = AuditEvent.objects.get(verb="gate.waived")
    assert (event.actor, event.reason) == ("sam", "The commit is on the paper record.")
    assert (event.after["gate"], event.after["outcome"]) == ("lineage", "failed")
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_every_failure_needs_its_own_waiver(version: Version) -> None:
    promotion = waive(blocked(version, "lineage", "card"), persona("sam"))
    assert promotion.state == "blocked"
    assert waive(promotion, persona("sam"), "card").state == "in_review"


def test_a_failure_can_be_waived_while_other_gates_still_run(version: Version) -> None:
    promotion = blocked(version)
    run_again(promotion, "card", "passed")
    promotion = waive(promotion, persona("sam"))
    assert promotion.state == "in_review"


# --- Who may ------------------------------------------------------------------------------------------


def test_who_brought_it_can_not_waive_whatever_their_roles(version: Version) -> None:
    promotion = blocked(version)
    grant_role(Role.APPROVER, to=persona("dana"), actor=None)
    refusal = refused(promotion, persona("dana"))
    assert (type(refusal), refusal.reason.code) == (Forbidden, "requester")


@pytest.mark.parametrize("who", ["riley", "omar", "ana", "admin"])
def test_only_an_approver_can(version: Version, who: str) -> None:
    refusal = refused(blocked(version), persona(who))
    assert (type(refusal), refusal.reason.code) == (Forbidden, "not_approver")


def test_who_made_themselves_approver_can_not(version: Version) -> None:
    selma = factories.person("Selma Made")
    grant_role(Role.APPROVER, to=selma, actor=selma)
    refusal = refused(blocked(version), selma)
    assert (type(refusal), refusal.reason.code) == (Forbidden, "self_granted")


def test_neither_a_program_nor_somebody_who_left_can(version: Version, pat: User) -> None:
    promotion = blocked(version)
    program = create_person("pipeline", actor=None, is_service=True)
    assert refused(promotion, program).reason.code == "service"
    stale = User.objects.get(pk=pat.pk)  # signed in before they left
    pat.is_active = False
    edit_person(pat, actor=None)
    assert refused(promotion, stale).reason.code == "inactive"


# --- What can be waived ---------------------------------------------------------------------------------


def test_the_outcome_on_the_page_is_waived_and_no_other(version: Version) -> None:
    refusal = refused(blocked(version), persona("sam"), digest="0" * 64)
    assert isinstance(refusal, PromotionMoved)
    assert refusal.details["moved"] == ["gate:lineage"]


def test_what_has_not_failed_or_is_not_there_or_is_waived_already_is_named(version: Version) -> None:
    promotion = waive(blocked(version), persona("sam"))
    assert refused(promotion, persona("sam"), "card").reason.code == "nothing_to_waive"
    assert refused(promotion, persona("sam")).reason.code == "waived_already"
    before = snapshots.rows()
    with pytest.raises(NotFound, match="no gate 'speed'"):
        waive_gate(promotion, "speed", actor=persona("sam"), reason="No matter.", digest="")
    assert snapshots.rows() == before


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_waiver_says_why(version: Version, reason: str) -> None:
    refusal = refused(blocked(version), persona("sam"), reason=reason)
    assert (type(refusal), refusal.reason.code) == (Invalid, "no_reason")


def test_a_waiver_does_not_end_before_it_begins(version: Version) -> None:
    refusal = refused(blocked(version), persona("sam"), expires_at=timezone.now())
    assert (type(refusal), refusal.reason.code) == (Invalid, "past")


def test_that_the_bytes_are_the_registered_ones_can_not_be_waived(version: Version) -> None:
    refusal = refused(blocked(version, "integrity"), persona("sam"), "integrity")
    assert (type(refusal), refusal.reason.code) == (Conflict, "not_waivable")


def test_that_a_file_can_be_read_can_not_be_waived(loan: Model) -> None:
    version = factories.version_of(loan)  # its model.onnx is a line of text
    promotion = factories.run_gates(open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana")))
    assert promotion.gate_runs.get(key="quality-floor").outcome == "error"
    assert refused(promotion, persona("sam"), "quality-floor").reason.code == "not_waivable"


def test_an_error_that_is_no_fault_of_the_file_can_be_waived(version: Version) -> None:
    promotion = factories.finish_gates(blocked(version), lineage="error")
    run_again(promotion, "lineage", "error", "The worker was stopped each time.")
    assert waive(promotion, persona("sam")).state == "in_review"


def test_nothing_is_waived_in_a_closed_promotion(version: Version) -> None:
    promotion = blocked(version)
    withdraw_promotion(promotion, actor=persona("dana"), reason="Another time.")
    assert refused(promotion, persona("sam")).reason.code == "closed"


def test_a_waiver_can_be_the_answer_to_requested_changes(version: Version) -> None:
    promotion = blocked(version)
    review_promotion(
        promotion, actor=persona("riley"), verdict="request_changes", comment="Lineage?", seal=promotion.seal
    )
    assert waive(promotion, persona("sam")).state == "changes_requested"
    resubmit_promotion(promotion, actor=persona("dana"), answer="Sam accepts it.")
    promotion.refresh_from_db()
    assert promotion.state == "in_review"


# --- How long it holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "state"), [("passed", "in_review"), ("error", "blocked")])
def test_a_new_result_voids_the_waiver(version: Version, outcome: str, state: str) -> None:
    promotion = run_again(waive(blocked(version), persona("sam")), "lineage", outcome)
    assert promotion.state == state
    waiver = Waiver.objects.get()
    assert (waiver.voided_at is None, waiver.voided_because) == (False, "the gate has a new result")
    assert AuditEvent.objects.get(verb="gate.waiver_voided").after == {"gate": "lineage", "given_by": "sam"}


def test_the_same_result_again_keeps_waiver_and_approvals(version: Version) -> None:
    promotion = waive(blocked(version), persona("sam"))
    approve(promotion, persona("riley"), "model")
    seal = promotion.seal
    promotion = run_again(promotion, "lineage", "failed")
    assert (promotion.state, promotion.seal, standing(promotion)) == ("in_review", seal, ["riley"])
    assert Waiver.objects.get().gate_run == promotion.gate_runs.get(key="lineage", is_current=True)


def test_a_waiver_of_one_error_does_not_cover_another(version: Version) -> None:
    promotion = run_again(blocked(version), "lineage", "error", "The dataset isn't locked here.")
    waive(promotion, persona("sam"))
    assert run_again(promotion, "lineage", "error", "The dataset isn't locked here.").state == "in_review"
    assert run_again(promotion, "lineage", "error", "It was tried three times.").state == "blocked"


def test_an_approval_that_rests_on_waivers_falls_when_one_is_made_and_others_stay(version: Version) -> None:
    slots = [{"key": "model", "rests_on": ["card"]}, {"key": "risk", "role": "approver"}, {"key": "third"}]
    promotion = factories.finish_gates(blocked(version, slots=slots))
    run_again(promotion, "lineage", "passed")
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    run_again(promotion, "card", "failed")
    waive(promotion, persona("sam"), "card")
    assert standing(promotion) == ["riley"]


def test_who_read_the_page_before_the_waiver_hears_that_waivers_changed(version: Version) -> None:
    promotion = blocked(version)
    seen = promotion.seal
    waive(promotion, persona("sam"))
    refusal = refusal_of(promotion, persona("riley"), seal=seen)
    assert isinstance(refusal, PromotionMoved)
    assert refusal.details["moved"] == ["the waivers"]


def test_an_open_promotion_is_blocked_again_when_the_waiver_s_time_has_ended(version: Version) -> None:
    promotion = waive(blocked(version), persona("sam"), expires_at=timezone.now() + HOUR)
    approve(promotion, persona("riley"), "model")
    assert round_in(promotion, HOUR - timedelta(seconds=5)).state == "in_review"
    assert round_in(promotion, HOUR + timedelta(seconds=5)).state == "blocked"
    assert standing(promotion) == []
    assert Waiver.objects.get().voided_because == "its time has ended"
    assert not AfterReview.objects.exists()


def test_an_ended_waiver_counts_no_more_even_before_the_sweeper_comes_by(version: Version) -> None:
    promotion = waive(blocked(version, slots=WORDS_ONLY), persona("sam"), expires_at=timezone.now() + HOUR)
    approve(promotion, persona("riley"), "model")
    with time_machine.travel(timezone.now() + 2 * HOUR, tick=False):
        refusal = refusal_of(promotion, persona("sam"), "risk")
        assert isinstance(refusal, PromotionMoved)
        assert waive(promotion, persona("sam"), reason="Still known.").state == "in_review"
    assert [waiver.voided_at is None for waiver in Waiver.objects.order_by("pk")] == [False, True]


def test_what_a_waiver_let_through_is_not_completed_in_the_moment_it_ends(version: Version) -> None:
    when = timezone.now() + HOUR
    promotion = waive(blocked(version, slots=WORDS_ONLY, not_before=when), persona("sam"), expires_at=when)
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "approved"
    assert round_in(promotion, 2 * HOUR).state == "blocked"


def test_a_waiver_that_ends_after_completion_is_looked_at_again_once_and_by_somebody_else(version: Version) -> None:
    promotion = waive(blocked(version), persona("sam"), expires_at=timezone.now() + HOUR)
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    assert round_in(promotion, 2 * HOUR).state == "completed"
    round_in(promotion, 3 * HOUR)
    opened = AfterReview.objects.get()
    assert (opened.cause, opened.promotion, opened.actor) == ("waiver_expired", promotion, persona("sam"))
    assert "the waiver of lineage for loan v1 has ended" in opened.subject


def test_a_waiver_in_a_promotion_that_came_to_nothing_ends_quietly(version: Version) -> None:
    promotion = waive(blocked(version), persona("sam"), expires_at=timezone.now() + HOUR)
    withdraw_promotion(promotion, actor=persona("dana"), reason="Another time.")
    round_in(promotion, 2 * HOUR)
    assert Waiver.objects.get().voided_at is not None
    assert not AfterReview.objects.exists()
