import pytest

from approvals.intake import revise_card
from registry.models import Model
from tests import factories
from tests.approvals.judging import judge, promotion_with_gate, run_of


def test_a_card_with_all_sections_filled_passes(loan: Model) -> None:
    run = judge(factories.version_of(loan), "card_complete")
    assert (run.outcome, run.summary) == ("passed", "4 of 4 sections")


def test_no_card_fails_and_says_how_to_hand_one_in(loan: Model) -> None:
    run = judge(factories.version_of(loan, card=""), "card_complete")
    assert run.outcome == "failed"
    assert "assaydesk card" in run.summary


@pytest.mark.parametrize(
    "card",
    [
        factories.CARD.replace("## Limitations", "## Thoughts"),
        factories.CARD.replace("Fitted on one city.", ""),
        factories.CARD.replace("## Limitations", "```\n## Limitations\n```"),
    ],
    ids=["without heading", "nothing under the heading", "heading inside a code block"],
)
def test_a_section_that_is_not_really_there_fails_by_name(loan: Model, card: str) -> None:
    run = judge(factories.version_of(loan, card=card), "card_complete")
    assert run.outcome == "failed"
    assert run.summary == "3 of 4 sections; missing or empty: Limitations"


def test_the_policy_says_which_sections(loan: Model) -> None:
    assert (
        judge(factories.version_of(loan, card="# Loan\n\n## Risks\nSome."), "card_complete", sections=["Risks"]).outcome
        == "passed"
    )


def test_a_new_wording_is_judged_without_asking_again(loan: Model) -> None:
    version = factories.version_of(loan, card="# Loan")
    promotion = promotion_with_gate(version, "card_complete")
    assert factories.run_gates(promotion).state == "blocked"
    revise_card(version, text=factories.CARD, actor=factories.persona("dana"))
    promotion.refresh_from_db()
    assert promotion.state == "checking"
    assert factories.run_gates(promotion).state == "in_review"
    assert run_of(promotion).because == "card revision 2"
