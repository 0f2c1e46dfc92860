import pytest

from accounts.reasons import Conflict
from approvals.intake import review_card, revise_card
from approvals.models import Promotion
from registry.models import CardRevision, Model, Version
from registry.queries import newest_card
from tests import factories
from tests.approvals.judging import judge, promotion_with_gate, run_of


@pytest.fixture
def version(loan: Model) -> Version:
    return factories.version_of(loan)


def card_of(version: Version) -> CardRevision:
    card = newest_card(version)
    assert card is not None
    return card


def reviewed(version: Version, by: str = "riley") -> None:
    review_card(card_of(version), actor=factories.persona(by))


def judged_again(promotion: Promotion) -> Promotion:
    promotion.refresh_from_db()
    assert promotion.state == "checking"
    return factories.run_gates(promotion)


def test_a_reviewed_card_passes_and_says_by_whom(version: Version) -> None:
    reviewed(version)
    run = judge(version, "card_reviewed")
    assert (run.outcome, run.summary) == ("passed", "Revision 1, reviewed by Riley Chen")


def test_an_unreviewed_card_fails_and_says_who_can_help(version: Version) -> None:
    run = judge(version, "card_reviewed")
    assert run.outcome == "failed"
    assert run.summary.startswith("Revision 1 by Dana Ortiz is not reviewed.")
    assert "reviewer who didn't write it" in run.summary


def test_no_card_fails(loan: Model) -> None:
    run = judge(factories.version_of(loan, card=""), "card_reviewed")
    assert run.outcome == "failed"
    assert "no model card" in run.summary


def test_reviewing_the_card_lets_a_blocked_promotion_go_on_by_itself(version: Version) -> None:
    promotion = factories.run_gates(promotion_with_gate(version, "card_reviewed"))
    assert promotion.state == "blocked"
    reviewed(version)
    assert judged_again(promotion).state == "in_review"
    assert run_of(promotion).because == "card revision 1 was reviewed"


def test_a_new_wording_after_the_review_needs_one_of_its_own(version: Version) -> None:
    reviewed(version)
    promotion = factories.run_gates(promotion_with_gate(version, "card_reviewed"))
    assert promotion.state == "in_review"
    revise_card(version, text=factories.CARD + "\nMore.", actor=factories.persona("dana"))
    assert judged_again(promotion).state == "blocked"
    assert run_of(promotion).summary.startswith("Revision 2")


def test_a_review_runs_no_gate_again_that_does_not_ask_for_it(version: Version) -> None:
    promotion = factories.run_gates(promotion_with_gate(version, "card_complete"))
    reviewed(version)
    promotion.refresh_from_db()
    assert (promotion.state, run_of(promotion).number) == ("in_review", 1)


def test_who_wrote_in_the_card_since_its_last_review_is_no_second_pair_of_eyes(version: Version) -> None:
    both = factories.person("Bo", "contributor", "reviewer")
    promotion = factories.run_gates(promotion_with_gate(version, "card_reviewed"))
    revise_card(version, text=factories.CARD + "\n## Ethics\nNone.\n", actor=both)
    revise_card(version, text=factories.CARD + "\n## Ethics\nNone. \n", actor=factories.persona("dana"))
    with pytest.raises(
        Conflict, match="You wrote revision 2 of the card, and nobody reviewed the card since"
    ) as refused:
        review_card(card_of(version), actor=both)
    assert refused.value.reason.code == "own_card"
    assert judged_again(promotion).state == "blocked"
    reviewed(version)
    assert judged_again(promotion).state == "in_review"
    revise_card(version, text=factories.CARD, actor=factories.persona("dana"))
    assert review_card(card_of(version), actor=both).reviewed_by == both


def test_a_review_that_is_refused_changes_nothing(version: Version) -> None:
    promotion = factories.run_gates(promotion_with_gate(version, "card_reviewed"))
    with pytest.raises(Conflict, match="You wrote this revision"):
        reviewed(version, by="dana")
    promotion.refresh_from_db()
    assert (promotion.state, run_of(promotion).number) == ("blocked", 1)
