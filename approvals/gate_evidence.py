"""Getting a gate the evidence it asks for, before it is asked."""

from dataclasses import replace
from typing import Any

from approvals.gates import Gate, Side
from approvals.models import Promotion
from evidence.actions import (
    EvidenceMissing,
    agree_evaluations,
    compare_evaluations,
    evaluate,
    explain,
    measure_together,
)
from evidence.actions.evaluate import Report
from evidence.agreement import Agreement
from evidence.comparison import Comparison
from evidence.measuring import Plan
from evidence.models import Evaluation, LockedDataset
from evidence.queries import locked_dataset_named
from registry.models import Version

#: Of evidence that is missing because of the artifact itself: no exception can be made for that.
_UNREADABLE = {"unreadable_artifact", "bytes_changed"}


def sides_of(promotion: Promotion, gate: Gate, parameters: Any, *, report: Report) -> tuple[Side, Side | None]:
    """Candidate and baseline with what the gate asks for on its dataset: evaluations, made now where they are
    missing, or measurements, which are always made now."""
    reference = gate.dataset(parameters)
    baseline = promotion.baseline if gate.compares else None
    if not reference:
        return Side(promotion.version), Side(baseline) if baseline else None
    locked = locked_dataset_named(reference)
    if locked is None:
        problem = f"The dataset {reference} isn't locked here."
        return Side(promotion.version, problem=problem), Side(baseline, problem=problem) if baseline else None
    if (plan := gate.plan(parameters)) is not None:
        return _measured(promotion.version, baseline, locked, plan, report)
    if gate.explains:
        return _explained(promotion.version, locked, report), None
    candidate = _side(promotion.version, locked, report)
    if baseline is None:
        return candidate, None
    return candidate, _set_against(candidate, _side(baseline, locked, report), gate)


def _side(version: Version, locked: LockedDataset, report: Report) -> Side:
    try:
        return Side(version, evaluation=evaluate(version, locked, report=report))
    except EvidenceMissing as missing:
        return _without(version, missing)


def _without(version: Version, missing: EvidenceMissing) -> Side:
    return Side(
        version, problem=str(missing), unreadable=missing.code in _UNREADABLE, data_gone=missing.code == "data_gone"
    )


def _explained(version: Version, locked: LockedDataset, report: Report) -> Side:
    try:
        return Side(version, importances=tuple(explain(version, locked, report=report)))
    except EvidenceMissing as missing:
        return _without(version, missing)


def _measured(
    version: Version, baseline: Version | None, locked: LockedDataset, plan: Plan, report: Report
) -> tuple[Side, Side | None]:
    versions = [version] if baseline is None else [version, baseline]
    made = measure_together(versions, locked, plan, report=report)
    sides = [
        _without(each, found) if isinstance(found, EvidenceMissing) else Side(each, measurement=found)
        for each, found in zip(versions, made, strict=True)
    ]
    return sides[0], sides[1] if baseline is not None else None


def _set_against(candidate: Side, baseline: Side, gate: Gate) -> Side:
    """The baseline's side with what the gate wants of both together, or with the reason why there is none."""
    if not isinstance(candidate.evaluation, Evaluation) or not isinstance(baseline.evaluation, Evaluation):
        return baseline
    try:
        if gate.agrees:
            agreed = agree_evaluations(candidate.evaluation, baseline.evaluation)
            return replace(baseline, agreement=Agreement.from_dict(agreed.result))
        if baseline.evaluation.dataset.is_labelled:
            compared = compare_evaluations(candidate.evaluation, baseline.evaluation)
            return replace(baseline, comparison=Comparison.from_dict(compared.result))
    except EvidenceMissing as missing:
        return replace(_without(baseline.version, missing), evaluation=baseline.evaluation)
    return baseline
