"""What a decision rests on: a seal that moved is refused, marks fall if and only if their parts changed."""

import pytest

from accounts.reasons import PromotionMoved
from approvals.actions import (
    rerun_gate,
    review_promotion,
    tick_item,
)
from approvals.models import Promotion, State
from registry.models import Model, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import TICKS, approve, refusal_of, reworded, standing, ticked, with_policy
from tests.factories import persona


def test_a_seal_from_before_a_card_revision_is_refused_naming_the_card_and_nothing_is_recorded(
    in_review: Promotion,
) -> None:
    seen = in_review.seal
    reworded(in_review)
    for verdict in ("approve", "reject", "request_changes"):
        before = snapshots.rows()
        with pytest.raises(PromotionMoved) as moved:
            review_promotion(
                in_review,
                actor=persona("riley"),
                verdict=verdict,
                seal=seen,
                slot="model",
                comment="My words.",
                ticks=TICKS["model"],
            )
        assert moved.value.reason.code == "promotion_moved"
        assert moved.value.details["moved"] == ["the model card", "the gate “Model card complete”"]
        assert "the model card" in moved.value.reason.text
        assert snapshots.rows() == before


def test_a_seal_that_was_never_made_is_refused(in_review: Promotion) -> None:
    for seal in ("", "0" * 64, in_review.seal.upper()):
        assert refusal_of(in_review, persona("riley"), seal=seal).reason.code == "promotion_moved"


def test_a_tick_from_a_stale_page_is_refused(in_review: Promotion) -> None:
    seen = in_review.seal
    reworded(in_review)
    with pytest.raises(PromotionMoved):
        tick_item(in_review, "keeper", actor=persona("riley"), seal=seen)
    assert ticked(in_review) == set()


def test_a_card_revision_drops_marks_that_rest_on_the_card_and_leaves_the_others(loan: Model, version: Version) -> None:
    slots = [
        {"key": "words", "role": "reviewer", "rests_on": ["card"]},
        {"key": "numbers", "role": "approver", "rests_on": ["artifact", "evidence", "baseline"]},
    ]
    checklist = [
        {"key": "read", "text": "Card is read", "rests_on": ["card"]},
        {"key": "numbers", "text": "Numbers are read", "rests_on": ["evidence"]},
        {"key": "way-back", "text": "There is a way back", "rests_on": ["baseline"]},
        {"key": "later", "text": "Done by whoever is last", "slot": "words"},
    ]
    gates = factories.PRODUCTION_POLICY["gates"]
    promotion = with_policy(loan, version, gates=gates, slots=slots, checklist=checklist)
    approve(promotion, persona("sam"), "numbers", ticks=["read", "numbers", "way-back"])
    promotion = reworded(promotion)
    assert standing(promotion) == ["sam"]
    assert ticked(promotion) == {"numbers", "way-back"}
    approve(promotion, persona("riley"), "words", ticks=["read", "later"])
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_an_approval_that_fell_says_why_and_the_slot_is_open_again(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    promotion = reworded(in_review)
    fallen = promotion.reviews.get()
    assert fallen.fell_at is not None
    assert "the model card" in fallen.fell_because
    assert "promotion.marks_fell" in snapshots.verbs()
    approve(promotion, persona("riley"), "model")
    assert approve(promotion, persona("sam"), "risk").state == "completed"
    assert promotion.reviews.filter(reviewer=persona("riley")).count() == 2


def test_a_rerun_that_finds_the_same_changes_no_mark(version: Version) -> None:
    promotion = factories.run_gates(factories.promotion_in(State.CHECKING, version=version))
    approve(promotion, persona("riley"), "model")
    seal = promotion.seal
    for run in promotion.gate_runs.all():
        rerun_gate(promotion, run.key, actor=persona("dana"), reason="To be sure.")
    assert promotion.gate_runs.filter(is_current=True, outcome="pending").count() == 4
    promotion = factories.run_gates(promotion)
    assert promotion.gate_runs.filter(is_current=True, number=2, outcome="passed").count() == 4
    assert (promotion.state, promotion.seal) == ("in_review", seal)
    assert (standing(promotion), ticked(promotion)) == (["riley"], {"keeper", "rollback"})
    assert approve(promotion, persona("sam"), "risk").state == "completed"
