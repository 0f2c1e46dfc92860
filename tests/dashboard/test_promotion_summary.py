"""What a reader is told before any figure: failed and undecided gates, callers that break, a moved baseline."""

import html
import re
from typing import Any

import pytest

from approvals.models import Promotion
from registry.models import Model
from tests import factories
from tests.dashboard.browsing import page_of as page_at
from tests.dashboard.browsing import section
from tests.factories import persona, promotion_in

pytestmark = pytest.mark.django_db


def page_of(promotion: Promotion, who: str = "riley") -> str:
    return html.unescape(page_at(persona(who), f"/promotions/{promotion.pk}/"))


def words(part: str) -> str:
    text = re.sub(r"<[^>]*>", " ", part).replace("\u2060", "")
    return re.sub(r"\s+([.,:;)])", r"\1", re.sub(r"\s+", " ", text))


def summary(promotion: Promotion, who: str = "riley") -> str:
    return words(section(page_of(promotion, who), "summary"))


def head(promotion: Promotion) -> str:
    return words(page_of(promotion).split('class="page-head')[1].split("</header>")[0])


def panel(promotion: Promotion, who: str = "riley") -> str:
    return page_of(promotion, who).split('id="decision"')[1].split("</aside>")[0]


@pytest.fixture
def loan() -> Model:
    factories.personas()
    factories.policies()
    return factories.model_named("loan")


def against_live(model: Model, **facts: Any) -> Promotion:
    """A promotion of a version with these facts, against a live version with the inputs amount and age."""
    live = factories.version_of(model, features=["amount", "age"])
    factories.evidence_of(live)
    for who, slot in (("riley", "model"), ("sam", "risk")):
        opened = Promotion.objects.filter(version=live).last() if who == "sam" else None
        opened = opened or promotion_in("in_review", version=live)
        factories.approve(opened, persona(who), slot=slot)
    version = factories.version_of(model, **facts)
    factories.evidence_of(version)
    return promotion_in("in_review", version=version)


# --- Callers that break ------------------------------------------------------------------------------


def test_a_candidate_that_breaks_callers_of_what_is_live_says_so_though_no_gate_asks(loan: Model) -> None:
    said = summary(against_live(loan, features=["amount", "age", "income"]))
    assert "v2 breaks callers of v1, which is live: 1 change." in said
    assert "Every caller: a call without it is refused: required input income added" in said


def test_a_candidate_with_the_same_inputs_breaks_nobody(loan: Model) -> None:
    assert "breaks callers" not in summary(against_live(loan, features=["amount", "age"]))


# --- Gates -------------------------------------------------------------------------------------------


def test_a_blocked_promotion_names_the_failed_gate_with_its_evidence_and_links_to_it(loan: Model) -> None:
    promotion = promotion_in("blocked")
    part = section(page_of(promotion), "summary")
    assert '<a href="#gate-quality-floor">Quality floor</a>. quality-floor failed' in part
    assert "1 gate failed:" in part
    assert "callout fail" in part


def test_the_panel_of_a_blocked_promotion_names_the_gate_and_who_can_waive_it(loan: Model) -> None:
    promotion = promotion_in("blocked")
    shown = panel(promotion)
    assert '<a href="#gate-quality-floor">Quality floor</a>' in shown
    assert "Quality floor failed. It must pass, or be waived, first. Sam Okafor may waive gates here." in words(shown)
    assert "Quality floor failed, so nobody can. Run it again" in words(panel(promotion, "dana"))
    assert "Sam Okafor may waive gates here." in words(panel(promotion, "dana"))


def test_what_cannot_be_waived_is_not_offered_to_be(loan: Model) -> None:
    promotion = factories.finish_gates(promotion_in("checking"), integrity="failed")
    assert "Artifact intact failed. It must pass first." in words(panel(promotion))


def test_an_inconclusive_gate_stands_in_the_summary_until_and_after_it_is_accepted(loan: Model) -> None:
    promotion = factories.finish_gates(promotion_in("checking"), no_loss="inconclusive")
    assert "1 gate inconclusive: No loss against Production. no-loss inconclusive" in summary(promotion)
    assert "Accepted by a reviewer." not in summary(promotion)
    factories.approve(promotion, persona("riley"), slot="model")
    assert "1 gate inconclusive: No loss against Production. no-loss inconclusive Accepted by a reviewer." in summary(
        promotion
    )


def test_the_head_counts_the_gates_by_outcome(loan: Model) -> None:
    promotion = factories.finish_gates(promotion_in("checking"), no_loss="inconclusive", integrity="failed")
    assert "2 passed 1 failed 1 inconclusive" in head(promotion)


# --- A baseline that moved ---------------------------------------------------------------------------


def test_after_the_baseline_moved_the_summary_says_what_it_is_compared_with_now(loan: Model) -> None:
    waiting = promotion_in("in_review", model=loan)
    assert "Compared anew" not in summary(waiting)
    live = factories.live_version(model=loan)
    waiting.refresh_from_db()
    said = summary(waiting)
    assert f"Compared anew with {live.name}, live since today" in said
    assert "before: nothing was live." in said


def test_a_closed_promotion_keeps_no_word_of_a_moved_baseline(loan: Model) -> None:
    waiting = promotion_in("in_review", model=loan)
    factories.live_version(model=loan)
    waiting.refresh_from_db()
    factories.finish_gates(waiting)
    waiting.refresh_from_db()
    factories.withdraw_promotion(waiting, actor=waiting.requested_by, reason="Later.")
    assert "Compared anew" not in summary(waiting)


def test_the_way_to_compare_and_the_end_of_its_time_are_out_of_the_head(loan: Model) -> None:
    promotion = against_live(loan, features=["amount", "age"])
    assert "expires" not in head(promotion)
    assert "Undecided it expires" in words(panel(promotion))
    assert "/compare/?versions=1,2&baseline=1" in section(page_of(promotion), "changes")
