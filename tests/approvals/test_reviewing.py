"""People's verdicts: slots, changes and refusals, checklist, and how they came in."""

import pytest
from django.test import Client

from accounts.actions import issue_token
from accounts.models import User
from accounts.reasons import Forbidden, Invalid, PromotionMoved
from accounts.roles import Role
from approvals.actions import (
    acknowledge_gate,
    rerun_gate,
    resubmit_promotion,
    review_promotion,
    tick_item,
)
from approvals.intake import revise_card
from approvals.models import Promotion, Review, State
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve, refusal_of, reworded, standing, with_policy
from tests.factories import persona

# --- Slots and seats ---


def test_two_slots_take_two_people(in_review: Promotion) -> None:
    sam = persona("sam")
    approve(in_review, sam, "model")
    refusal = refusal_of(in_review, sam, "risk", seal="0" * 64)
    assert refusal.reason.code == "approved_already"
    in_review.refresh_from_db()
    assert in_review.state == "in_review"
    assert approve(in_review, factories.person("Abe Other", Role.APPROVER), "risk").state == "completed"


def test_one_slot_for_two_wants_two_different_people(loan: Model, version: Version) -> None:
    promotion = with_policy(loan, version, slots=[{"key": "risk", "role": "approver", "count": 2}])
    approve(promotion, persona("sam"), "risk")
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "in_review"
    assert approve(promotion, factories.person("Abe Other", Role.APPROVER), "risk").state == "completed"
    assert sorted(promotion.reviews.values_list("seat", flat=True)) == [0, 1]


def test_the_same_approval_again_is_one_approval(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    before = snapshots.rows()
    approve(in_review, persona("riley"), "model")
    assert snapshots.rows() == before


def test_the_last_approval_again_finds_it_completed_and_changes_nothing(in_review: Promotion) -> None:
    seal = in_review.seal
    approve(in_review, persona("riley"), "model")
    approve(in_review, persona("sam"), "risk")
    before = snapshots.rows()
    assert approve(in_review, persona("sam"), "risk", seal=seal).state == "completed"
    assert snapshots.rows() == before


def test_a_filled_slot_is_too_late_not_forbidden_and_names_who_was_faster(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    late = refusal_of(in_review, factories.person("Lou Late", Role.REVIEWER))
    assert isinstance(late, PromotionMoved)
    assert late.reason.code == "slots_filled"
    assert "Riley Chen approved it meanwhile" in late.reason.text


# --- Changes, rejection ---


def request_changes(promotion: Promotion, who: User) -> Promotion:
    promotion.refresh_from_db()
    return review_promotion(
        promotion, actor=who, verdict="request_changes", seal=promotion.seal, comment="Say who it fails."
    )


def test_changes_are_requested_answered_and_reviewed_again(in_review: Promotion) -> None:
    assert request_changes(in_review, persona("riley")).state == "changes_requested"
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="Added under Limitations.")
    assert promotion.state == "in_review"
    approve(promotion, persona("riley"), "model")
    assert approve(promotion, persona("sam"), "risk").state == "completed"


def test_the_others_approval_stays_through_requested_changes(in_review: Promotion) -> None:
    approve(in_review, persona("sam"), "risk")
    request_changes(in_review, persona("riley"))
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="It is said.")
    assert standing(promotion) == ["sam"]
    assert approve(promotion, persona("riley"), "model").state == "completed"


def test_who_approved_and_then_requests_changes_has_to_review_again(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    request_changes(in_review, persona("riley"))
    assert standing(in_review) == []
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="It is said.")
    assert approve(promotion, persona("sam"), "risk").state == "in_review"
    assert approve(promotion, persona("riley"), "model").state == "completed"


def test_a_card_revised_after_requested_changes_is_checked_when_it_is_resubmitted(in_review: Promotion) -> None:
    request_changes(in_review, persona("riley"))
    revise_card(in_review.version, text="# Loan", actor=persona("dana"))
    in_review.refresh_from_db()
    assert in_review.state == "changes_requested"
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="Shortened.")
    assert promotion.state == "checking"
    assert factories.run_gates(promotion).state == "blocked"


def test_a_contributor_may_take_over_the_answer_and_the_requester_stays_barred(in_review: Promotion) -> None:
    request_changes(in_review, persona("riley"))
    chris = factories.person("Chris Contributor", Role.CONTRIBUTOR)
    promotion = resubmit_promotion(in_review, actor=chris, answer="Dana left; it is said now.")
    assert promotion.state == "in_review"
    assert refusal_of(promotion, persona("dana")).reason.code == "requester"


def test_a_rejection_closes_with_its_reason_and_nothing_moves(in_review: Promotion) -> None:
    review_promotion(
        in_review, actor=persona("riley"), verdict="reject", seal=in_review.seal, comment="Worse for the south."
    )
    in_review.refresh_from_db()
    in_review.version.refresh_from_db()
    assert (in_review.state, in_review.closed_because) == ("rejected", "Worse for the south.")
    assert in_review.closed_at is not None
    assert in_review.version.stage == Stage.STAGING
    too_late = refusal_of(in_review, persona("sam"), "risk")
    assert isinstance(too_late, PromotionMoved)
    assert "Riley Chen rejected it meanwhile" in too_late.reason.text


def digest_of_gate(promotion: Promotion, key: str) -> str:
    return str(promotion.gate_runs.get(key=key, is_current=True).digest)


@pytest.mark.parametrize("verdict", ["reject", "request_changes"])
@pytest.mark.parametrize("comment", ["", "  \n"])
def test_a_refusal_without_a_reason_is_refused(in_review: Promotion, verdict: str, comment: str) -> None:
    before = snapshots.rows()
    with pytest.raises(Invalid) as refused:
        review_promotion(in_review, actor=persona("riley"), verdict=verdict, seal=in_review.seal, comment=comment)
    assert refused.value.reason.code == "no_reason"
    assert snapshots.rows() == before


def test_an_unknown_verdict_is_refused(in_review: Promotion) -> None:
    with pytest.raises(Invalid, match="maybe"):
        review_promotion(in_review, actor=persona("riley"), verdict="maybe", seal=in_review.seal, comment="x")


# --- Checklist and acknowledgement ---


def test_approval_needs_its_items_ticked_and_names_those_that_are_open(in_review: Promotion) -> None:
    refusal = refusal_of(in_review, persona("riley"), ticks=["keeper"])
    assert (refusal.reason.code, refusal.details["open_items"]) == ("checklist_open", ["rollback"])


def test_an_item_of_another_slot_cannot_be_ticked_along(in_review: Promotion) -> None:
    refusal = refusal_of(in_review, persona("riley"), ticks=["keeper", "rollback", "cost"])
    assert (refusal.reason.code, isinstance(refusal, Forbidden)) == ("not_your_item", True)


def test_an_item_that_is_not_on_the_checklist_is_refused_by_name(in_review: Promotion) -> None:
    assert "luck" in refusal_of(in_review, persona("riley"), ticks=["luck"]).reason.text


def test_ticks_can_be_made_one_by_one_and_stay_with_who_made_them(in_review: Promotion) -> None:
    tick_item(in_review, "rollback", actor=persona("sam"), seal=in_review.seal)
    tick_item(in_review, "rollback", actor=persona("riley"), seal=in_review.seal)
    assert in_review.ticks.get().by == persona("sam")
    approve(in_review, persona("riley"), "model", ticks=["keeper"])
    assert approve(in_review, persona("sam"), "risk", ticks=["cost"]).state == "completed"


@pytest.fixture
def unsure(version: Version) -> Promotion:
    """In review with one inconclusive gate, no-loss."""
    promotion = factories.promotion_in(State.CHECKING, version=version)
    return factories.finish_gates(promotion, no_loss="inconclusive")


def test_an_inconclusive_gate_has_to_be_acknowledged_before_approval(unsure: Promotion) -> None:
    assert unsure.state == "in_review"
    refusal = refusal_of(unsure, persona("riley"))
    assert (refusal.reason.code, refusal.details["gates"]) == ("not_acknowledged", ["no-loss"])


def test_an_acknowledgement_needs_a_reason(unsure: Promotion) -> None:
    assert refusal_of(unsure, persona("riley"), acknowledgements={"no-loss": " "}).reason.code == "no_reason"
    with pytest.raises(Invalid):
        acknowledge_gate(unsure, "no-loss", actor=persona("riley"), reason="", digest=digest_of_gate(unsure, "no-loss"))


def test_an_acknowledgement_with_a_reason_lets_approval_through(unsure: Promotion) -> None:
    approve(unsure, persona("riley"), "model", acknowledgements={"no-loss": "Loss under 0.2 points."})
    run = unsure.gate_runs.get(key="no-loss")
    assert (run.acknowledgement.by, run.acknowledgement.reason) == (persona("riley"), "Loss under 0.2 points.")
    assert approve(unsure, persona("sam"), "risk").state == "completed"


def test_who_may_not_decide_may_not_acknowledge_either(unsure: Promotion) -> None:
    for who in ("dana", "ana", "omar"):
        with pytest.raises(Forbidden):
            acknowledge_gate(
                unsure, "no-loss", actor=persona(who), reason="Fine by me.", digest=digest_of_gate(unsure, "no-loss")
            )


def test_an_acknowledgement_holds_for_a_rerun_that_finds_the_same(unsure: Promotion) -> None:
    approve(unsure, persona("riley"), "model", acknowledgements={"no-loss": "Loss under 0.2 points."})
    rerun_gate(unsure, "no-loss", actor=persona("dana"), reason="To be sure.")
    promotion = factories.finish_gates(unsure, no_loss="inconclusive")
    assert standing(promotion) == ["riley"]
    assert approve(promotion, persona("sam"), "risk").state == "completed"


def test_an_acknowledgement_does_not_hold_for_another_outcome(unsure: Promotion) -> None:
    acknowledge_gate(
        unsure,
        "no-loss",
        actor=persona("riley"),
        reason="Loss under 0.2 points.",
        digest=digest_of_gate(unsure, "no-loss"),
    )
    rerun_gate(unsure, "no-loss", actor=persona("dana"), reason="To be sure.")
    promotion = factories.finish_gates(unsure, no_loss="failed")
    assert promotion.state == "blocked"


# --- How it came in ---


def test_a_review_by_token_is_marked_so_in_the_review_and_on_the_record(in_review: Promotion) -> None:
    _, text = issue_token(persona("riley"), actor=None, scopes=["review"], days=1)
    answer = Client().post(
        f"/api/v1/promotions/{in_review.pk}/reviews",
        {"verdict": "request_changes", "comment": "Thin.", "seal": in_review.seal},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 200, answer.content
    assert Review.objects.get().channel == "token"
    from audit.models import AuditEvent

    event = AuditEvent.objects.get(verb="promotion.changes_requested")
    assert (event.channel, bool(event.token), event.actor) == ("token", True, "riley")


def test_the_api_answers_a_stale_seal_with_409_and_what_moved(in_review: Promotion) -> None:
    seen = in_review.seal
    reworded(in_review)
    _, text = issue_token(persona("riley"), actor=None, scopes=["review"], days=1)
    answer = Client().post(
        f"/api/v1/promotions/{in_review.pk}/reviews",
        {"verdict": "approve", "seal": seen, "slot": "model"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "promotion_moved"
    assert "the model card" in answer.json()["moved"]
    assert not Review.objects.exists()
