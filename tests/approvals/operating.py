"""Versions that go live in no time, and back; what is live then, and what is refused."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from accounts.reasons import Refusal
from approvals.actions import open_promotion, publish_policy, roll_back
from approvals.models import Policy, PolicyRevision, Promotion
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve
from tests.factories import persona
from tests.replaying import replayed

#: Nothing is run and one approver decides.
AT_ONCE = {"slots": [{"key": "risk", "role": "approver"}]}


@replayed
def publish_own(model: Model, document: Mapping[str, object]) -> PolicyRevision:
    """The model's own policy for Production, or its next revision."""
    own = Policy.objects.filter(model=model, target_stage=Stage.PRODUCTION).first()
    name = own.name if own else f"Own of {model.name}"
    return publish_policy(name, document, actor=None, target_stage=Stage.PRODUCTION, model=model)


@replayed
def put_live(model: Model, version: Version | None = None) -> Version:
    """Another version of the model, or this one, goes the way into Production."""
    publish_own(model, AT_ONCE)
    version = version or factories.version_of(model)
    if version.stage == Stage.ARCHIVED:
        open_promotion(version, to_stage=Stage.STAGING, actor=persona("dana"))
        version.refresh_from_db()
    promotion = open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana"))
    approve(promotion, persona("sam"), "risk")
    version.refresh_from_db()
    assert version.stage == Stage.PRODUCTION
    return version


@replayed
def in_review_beside(model: Model, **document: object) -> Promotion:
    """A promotion of another version, in review under the shared policy or one of its own."""
    publish_own(model, document or factories.PRODUCTION_POLICY)
    version = factories.version_of(model)
    promotion = open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana"))
    return factories.finish_gates(promotion)


def live(model: Model) -> list[int]:
    """The numbers of the versions in Production."""
    return list(model.versions.filter(stage=Stage.PRODUCTION).order_by("number").values_list("number", flat=True))


def back(model: Model, **given: Any) -> Version:
    """Rolled back by an operator."""
    return roll_back(model, **{"actor": persona("omar"), "reason": "Scores drifted.", **given})


def refused(act: Callable[[], object]) -> Refusal:
    """The act's refusal, after which every table is as it was."""
    before = snapshots.rows()
    with pytest.raises(Refusal) as caught:
        act()
    assert snapshots.rows() == before
    return caught.value
