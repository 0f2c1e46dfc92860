"""What a closed promotion tells: who decided, at which seal it ended, and that nobody is waited for."""

import html
import re
from copy import deepcopy

import pytest

from approvals.models import Promotion
from registry.models import Stage, Version
from tests import factories
from tests.dashboard.browsing import page_of as page_at
from tests.factories import persona, promotion_in

pytestmark = pytest.mark.django_db


def page_of(promotion: Promotion, who: str = "ana") -> str:
    return html.unescape(page_at(persona(who), f"/promotions/{promotion.pk}/"))


def words(part: str) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", part))
    return re.sub(r"\s+([.,:;)])", r"\1", text)


def panel(promotion: Promotion, who: str = "ana") -> str:
    return page_of(promotion, who).split('id="decision"')[1].split("</aside>")[0]


def moved_by_itself(gates: bool = True) -> Promotion:
    """A version that its Staging policy let through, with one gate or none."""
    factories.personas()
    staging = deepcopy(factories.STAGING_POLICY)
    staging["gates"] = [{"key": "card", "kind": "card_complete"}] if gates else []
    factories.policies(staging=staging)
    version: Version = factories.version_of(factories.model_named())
    promotion = Promotion.objects.get(version=version, to_stage=Stage.STAGING)
    return factories.run_gates(promotion)


def test_a_rejected_promotion_names_who_rejected_it_and_waits_for_nobody() -> None:
    shown = panel(promotion_in("rejected"))
    assert "Decided by RC Riley Chen Rejected" in words(shown)
    assert "Decided on seal" in words(shown)
    for waiting in ("Nobody yet", "Not given", "Required approvers", "#i-wait"):
        assert waiting not in shown


def test_an_approval_given_before_the_rejection_stays_told() -> None:
    promotion = promotion_in("in_review")
    factories.approve(promotion, persona("riley"), slot="model")
    promotion.refresh_from_db()
    factories.review_promotion(
        promotion, actor=persona("sam"), verdict="reject", comment="Too dear.", seal=promotion.seal
    )
    promotion.refresh_from_db()
    told = words(panel(promotion))
    assert "Riley Chen Model review" in told
    assert "Sam Okafor Rejected" in told


@pytest.mark.parametrize(
    ("state", "ended"),
    [("withdrawn", "Withdrawn at seal"), ("expired", "Expired at seal"), ("superseded", "Superseded at seal")],
)
def test_what_nobody_decided_says_how_it_ended(state: str, ended: str) -> None:
    if state == "withdrawn":
        promotion = promotion_in("in_review")
        factories.withdraw_promotion(promotion, actor=promotion.requested_by, reason="Later.")
        promotion.refresh_from_db()
    else:
        promotion = promotion_in(state)
    told = words(panel(promotion))
    assert ended in told
    assert "Decided" not in told


@pytest.mark.parametrize(("gates", "said"), [(True, "1 gate passed"), (False, "no gate to pass")])
def test_what_moved_by_itself_is_not_said_to_be_approved(gates: bool, said: str) -> None:
    told = words(panel(moved_by_itself(gates)))
    assert "Moved to Staging" in told
    assert f"{said}, no approval asked." in told
    assert "Approved" not in told


def test_where_a_policy_asks_nobody_a_reviewer_is_told_so() -> None:
    factories.personas()
    staging = {"opens": "on_finalize", "gates": [{"key": "card", "kind": "card_complete"}]}
    factories.policies(staging=staging)
    version = factories.version_of(factories.model_named(), card="")
    promotion = factories.run_gates(Promotion.objects.get(version=version, to_stage=Stage.STAGING))
    assert promotion.state == "blocked"
    told = words(panel(promotion, "riley"))
    asked = "Nobody is asked to approve: it moves by itself when its gates pass."
    assert f"{asked} Model card complete failed. Run it again, or register" in told
    assert "slots is yours" not in told


def test_a_completed_promotion_draws_its_hallmark_once() -> None:
    page = page_of(promotion_in("completed"))
    assert page.count("Hallmark: ") == 1
    assert "Approved for Production" in page
