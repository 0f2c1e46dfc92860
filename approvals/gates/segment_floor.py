from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, METRIC, Gate, Judged, Parameters, Side, meaning
from approvals.gates.misfits import why_no_column, why_not_measured_on
from approvals.models.gates import Outcome
from evidence.groups import group_name
from evidence.metrics import METRICS, Metric
from evidence.models import Evaluation, LockedDataset
from evidence.segment_values import SegmentValue, segment_values

NAMED = 3
WITHOUT_INTERVAL = "calibration_error"


@dataclass(frozen=True)
class SegmentParameters(Parameters):
    """A floor or a ceiling that one metric must keep in every value of one segment column."""

    metric: str = field(metadata=METRIC)
    dataset: str = field(metadata=DATASET)
    column: str = field(metadata=meaning("the segment column whose every value is judged"))
    at_least: float | None = field(default=None, metadata=meaning("the floor; give this or at_most"))
    at_most: float | None = field(default=None, metadata=meaning("the ceiling; give this or at_least"))
    least_rows: int = field(
        default=30,
        metadata=meaning("segments with fewer rows (for recall: positive rows) are named and not judged"),
    )


class SegmentFloor(Gate):
    kind = "segment_floor"
    title = "Good enough in every segment"
    help = (
        "Is a metric good enough in every value of a segment column? The 95% intervals hold for all segments "
        "together: a segment beyond the limit fails when its whole interval is, and is inconclusive when the interval "
        "reaches over. Calibration error has no interval and is judged by its value alone."
    )
    parameters_class = SegmentParameters
    rests_on = frozenset({"evidence"})

    def check_parameters(self, parameters: SegmentParameters) -> None:
        if parameters.metric not in METRICS:
            raise ValueError(f"unknown metric {parameters.metric!r}; known: {', '.join(METRICS)}.")
        if (parameters.at_least is None) == (parameters.at_most is None):
            raise ValueError("give either at_least or at_most.")
        if METRICS[parameters.metric].direction == "zero" and parameters.at_most is None:
            raise ValueError(f"{parameters.metric} is best at zero: give at_most, its largest distance from zero.")
        if parameters.least_rows < 1:
            raise ValueError("least_rows must be 1 or more.")

    def dataset(self, parameters: SegmentParameters) -> str:
        return parameters.dataset

    def why_not_on(self, locked: LockedDataset, parameters: SegmentParameters) -> str:
        return why_no_column(locked, parameters.column) or why_not_measured_on(locked, parameters.metric)

    def check(self, candidate: Side, baseline: Side | None, parameters: SegmentParameters) -> Judged:
        evaluation = candidate.evaluation
        if evaluation is None:
            return Judged(Outcome.ERROR, candidate.problem)
        known: dict[str, Any] = {
            "provenance": evaluation.provenance,
            "evidence": (evaluation.predictions_digest,),
        }
        if problem := self.why_not_on(evaluation.dataset, parameters):
            return Judged(Outcome.ERROR, f"{problem}.", **known)
        judged, small = segment_values(
            evaluation, parameters.metric, parameters.column, least_rows=parameters.least_rows
        )
        outcome, summary = _summed_up(judged, small, parameters)
        return Judged(outcome, summary, _details(evaluation, judged, small, parameters), **known)


def _summed_up(
    judged: Sequence[SegmentValue], small: Sequence[SegmentValue], parameters: SegmentParameters
) -> tuple[Outcome, str]:
    """The worst outcome with the segment it is owed to, and the segments that weren't judged, by name."""
    metric = METRICS[parameters.metric]
    beyond = sorted(
        (each for each in judged if _excess(each, parameters) > 0), key=lambda each: _rank(each, parameters)
    )
    unknown = [each for each in judged if each.value is None]
    too_small = _named("too small to judge", small)
    if not judged or (unknown and not beyond):
        missing = _named("no value for", unknown) or f"; no segment has {parameters.least_rows} rows"
        return Outcome.INCONCLUSIVE, f"{metric.title} by {parameters.column}{missing}{too_small}"
    if not beyond:
        worst = max(judged, key=lambda each: _excess(each, parameters))
        text = f"{_told(worst, metric)} is the worst of {len(judged)}, {_limit(metric, parameters)}"
        return Outcome.PASSED, f"{text}{too_small}"
    failed = [each for each in beyond if _wholly_beyond(each, parameters)]
    worst = failed[0] if failed else beyond[0]
    rest = _named("also beyond it", [each for each in beyond if each is not worst])
    text = f"{_told(worst, metric)}, must be {_limit(metric, parameters)}{rest}{too_small}"
    return Outcome.FAILED if failed else Outcome.INCONCLUSIVE, text


def _excess(found: SegmentValue, parameters: SegmentParameters) -> float:
    """How far the value lies beyond the limit; below 0 when it keeps it, and for a segment without a value."""
    return float("-inf") if found.value is None else _beyond(found.value, parameters)


def _beyond(value: float, parameters: SegmentParameters) -> float:
    if parameters.at_least is not None:
        return parameters.at_least - value
    assert parameters.at_most is not None  # check_parameters: one of the two
    distance = abs(value) if METRICS[parameters.metric].direction == "zero" else value
    return distance - parameters.at_most


def _wholly_beyond(found: SegmentValue, parameters: SegmentParameters) -> bool:
    """Whether there is no doubt: the whole interval lies beyond the limit. Of a metric that never has one the value
    decides; of others it is missing where the rows say too little (an AUC among rows with a single positive one)."""
    if found.low is None or found.high is None:
        return parameters.metric == WITHOUT_INTERVAL
    return all(_beyond(end, parameters) > 0 for end in (found.low, found.high))


def _rank(found: SegmentValue, parameters: SegmentParameters) -> tuple[bool, float]:
    """Certain before doubtful, then the farthest beyond the limit first."""
    return not _wholly_beyond(found, parameters), -_excess(found, parameters)


def _told(found: SegmentValue, metric: Metric) -> str:
    assert found.value is not None
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f" ({metric.figure(found.low)} to {metric.figure(found.high)})"
    return f"{metric.title} for {group_name(found.segment)} {metric.figure(found.value)}{interval}"


def _limit(metric: Metric, parameters: SegmentParameters) -> str:
    if parameters.at_least is not None:
        return f"at least {metric.figure(parameters.at_least)}"
    assert parameters.at_most is not None  # check_parameters: one of the two
    within = "within ±" if metric.direction == "zero" else "at most "
    return f"{within}{metric.figure(parameters.at_most)}"


def _named(what: str, found: Sequence[SegmentValue]) -> str:
    """`; too small to judge: asian, other and 2 more`, or nothing when there are none."""
    if not found:
        return ""
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"; {what}: {', '.join(group_name(each.segment) for each in found[:NAMED])}{more}"


def _details(
    evaluation: Evaluation,
    judged: Sequence[SegmentValue],
    small: Sequence[SegmentValue],
    parameters: SegmentParameters,
) -> dict[str, Any]:
    metric = METRICS[parameters.metric]
    worst_first = sorted(judged, key=lambda each: -_excess(each, parameters))
    facts = [
        [
            group_name(each.segment),
            f"{_told(each, metric)}, {each.n:,} rows" if each.value is not None else each.reason,
        ]
        for each in worst_first
    ]
    facts += [[group_name(each.segment), f"{each.n:,} rows: too few to judge"] for each in small]
    if methods := sorted({each.method for each in judged if each.method}):
        facts.append(["Method", f"{' and '.join(methods)}, widened so that all {len(judged)} hold together at 95%"])
    segments = {each.segment: {"value": each.value, "n": each.n, "low": each.low, "high": each.high} for each in judged}
    return {"rows": evaluation.rows, "segments": segments, "facts": facts}
