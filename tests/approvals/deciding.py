"""People deciding on a promotion under the shared policies, and what then stands."""

from typing import Any

import pytest

from accounts.models import User
from accounts.reasons import Refusal
from approvals.actions import (
    publish_policy,
    review_promotion,
)
from approvals.intake import revise_card
from approvals.models import Promotion, State
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals import snapshots
from tests.factories import CARD, persona

#: What the shared Production policy asks of each slot.
TICKS = {"model": ["keeper", "rollback"], "risk": ["cost", "rollback"]}


def approve(promotion: Promotion, who: User, slot: str = "", **given: Any) -> Promotion:
    promotion.refresh_from_db()
    asked = {item["key"] for item in promotion.policy_revision.document.get("checklist", [])}
    given = {"seal": promotion.seal, "ticks": [key for key in TICKS.get(slot, []) if key in asked], **given}
    return review_promotion(promotion, actor=who, verdict="approve", slot=slot, **given)


def refusal_of(promotion: Promotion, who: User, slot: str = "model", **given: Any) -> Refusal:
    before = snapshots.rows()
    with pytest.raises(Refusal) as refused:
        approve(promotion, who, slot, **given)
    assert snapshots.rows() == before
    return refused.value


def standing(promotion: Promotion) -> list[str]:
    """Usernames of those whose approval stands."""
    reviews = promotion.reviews.filter(verdict="approve", fell_at=None).order_by("pk")
    return [review.reviewer.username for review in reviews]


def ticked(promotion: Promotion) -> set[str]:
    return set(promotion.ticks.filter(fell_at=None).values_list("item", flat=True))


def with_policy(model: Model, version: Version, **document: Any) -> Promotion:
    """A promotion in review under a policy of its own."""
    publish_policy("Own", document, actor=None, target_stage=Stage.PRODUCTION, model=model)
    return factories.promotion_in(State.IN_REVIEW, version=version)


def reworded(promotion: Promotion) -> Promotion:
    """After a card revision whose gate has passed again."""
    revise_card(promotion.version, text=CARD + "\nChecked by a second pair of eyes.\n", actor=persona("dana"))
    return factories.run_gates(promotion)
