"""Promotions that a failed gate holds up, and people who make exceptions for it."""

from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.utils import timezone

from accounts.models import User
from approvals.actions import open_promotion, rerun_gate, waive_gate
from approvals.actions.deadlines import go_round
from approvals.models import Promotion
from registry.models import Stage, Version
from tests import factories
from tests.approvals.operating import publish_own
from tests.factories import persona
from tests.replaying import replayed

HOUR = timedelta(hours=1)
GATES = [
    {"key": "lineage", "kind": "lineage_complete"},
    {"key": "card", "kind": "card_complete"},
    {"key": "integrity", "kind": "integrity"},
]
SLOTS = [{"key": "model", "role": "reviewer"}, {"key": "risk", "role": "approver"}]
WORDS_ONLY = [{**slot, "rests_on": ["card"]} for slot in SLOTS]


@replayed
def opened(version: Version, *, not_before: datetime | None = None, **document: Any) -> Promotion:
    """A promotion to Production under a policy with these gates and slots, its gates still to run."""
    publish_own(version.model, {"gates": GATES, "slots": SLOTS, **document})
    return open_promotion(
        version, to_stage=Stage.PRODUCTION, actor=persona("dana"), reason="Ready.", not_before=not_before
    )


@replayed
def blocked(version: Version, *failed: str, not_before: datetime | None = None, **document: Any) -> Promotion:
    """One whose named gates failed, `lineage` unless others are named."""
    promotion = opened(version, not_before=not_before, **document)
    outcomes = dict.fromkeys(failed or ["lineage"], "failed")
    promotion = factories.finish_gates(promotion, **outcomes)
    assert promotion.state == "blocked"
    return promotion


@replayed
def waive(promotion: Promotion, who: User, key: str = "lineage", **given: Any) -> Promotion:
    """An exception for the outcome that is there now."""
    digest = promotion.gate_runs.get(key=key, is_current=True).digest
    given = {"reason": "Known, and smaller than it looks.", "digest": digest, **given}
    waive_gate(promotion, key, actor=who, **given)
    promotion.refresh_from_db()
    return promotion


def run_again(promotion: Promotion, key: str, outcome: str, words: str = "") -> Promotion:
    """The gate is run again by its requester and comes to this."""
    rerun_gate(promotion, key, actor=persona("dana"), reason="Once more.")
    factories.finish_gate(promotion.gate_runs.get(key=key, is_current=True), outcome, words)
    promotion.refresh_from_db()
    return promotion


def round_in(promotion: Promotion, later: timedelta) -> Promotion:
    """The sweeper comes by after so much time."""
    with time_machine.travel(timezone.now() + later, tick=False):
        go_round()
    promotion.refresh_from_db()
    return promotion
