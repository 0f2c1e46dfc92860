"""One gate asked about one version, with real rows behind it."""

import io
from typing import Any

from approvals.actions import publish_policy
from approvals.intake import take_predictions
from approvals.models import GateRun, Promotion
from evidence.models import LockedDataset
from registry.models import Stage, Version
from tests import factories

SLOTS = [{"key": "risk", "role": "approver"}]


def promotion_with_gate(version: Version, kind: str, **parameters: Any) -> Promotion:
    """An open promotion to Production whose policy has this one gate, queued."""
    document = {"gates": [{"key": "asked", "kind": kind, "parameters": parameters}], "slots": SLOTS}
    publish_policy("Asked", document, actor=None, target_stage=Stage.PRODUCTION, model=version.model)
    return factories.promotion_in("checking", version=version)


def run_of(promotion: Promotion) -> GateRun:
    return promotion.gate_runs.get(is_current=True)


def judge(version: Version, kind: str, **parameters: Any) -> GateRun:
    """What a worker's run of this gate came to."""
    return run_of(factories.run_gates(promotion_with_gate(version, kind, **parameters)))


def hand_in(version: Version, locked: LockedDataset | None = None) -> None:
    """Perfect predictions made elsewhere, for every row of the dataset."""
    locked = locked or factories.holdout()
    lines = ["id,score", *(f"r{row},{0.9 if row % 2 else 0.1}" for row in range(locked.rows))]
    take_predictions(version, locked, io.BytesIO("\n".join(lines).encode()), actor=factories.persona("dana"))
