"""The policies a new installation begins with. They name no dataset, so they fit any model; narrower ones win."""

from typing import Any

from approvals.actions.policies import publish_policy
from approvals.models import Policy
from registry.models import Stage

STAGING: dict[str, Any] = {
    "opens": "on_finalize",
    "gates": [
        {"key": "integrity", "kind": "integrity"},
        {"key": "card", "kind": "card_complete"},
        {"key": "lineage", "kind": "lineage_complete"},
    ],
}

OPERATIONAL_CHECKLIST: list[dict[str, Any]] = [
    {"key": "cost", "text": "Running cost is known and accepted", "slot": "risk", "rests_on": ["artifact", "card"]},
    {"key": "maintainability", "text": "Somebody is named who maintains it", "rests_on": ["card"], "slot": "model"},
    {
        "key": "timing",
        "text": "The moment is right: no freeze, people at hand",
        "slot": "risk",
        "rests_on": ["baseline"],
    },
    {
        "key": "rollback-plan",
        "text": "It is clear what to go back to, and how",
        "slot": "model",
        "rests_on": ["baseline"],
    },
]

PRODUCTION: dict[str, Any] = {
    "opens": "by_hand",
    "due_days": 5,
    "gates": [*STAGING["gates"], {"key": "card-review", "kind": "card_reviewed"}],
    "slots": [
        {"key": "model", "title": "Model review", "role": "reviewer"},
        {"key": "risk", "title": "Business risk", "role": "approver"},
    ],
    "checklist": OPERATIONAL_CHECKLIST,
}


def publish_defaults() -> None:
    """Publishes the two, unless there is any policy already."""
    if Policy.objects.exists():
        return
    publish_policy("Staging", STAGING, actor=None, target_stage=Stage.STAGING)
    publish_policy("Production", PRODUCTION, actor=None, target_stage=Stage.PRODUCTION)
