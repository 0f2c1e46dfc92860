from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, METRIC, Gate, Judged, Parameters, Side, meaning
from approvals.gates.misfits import why_not_labelled, why_not_measured_on
from approvals.models.gates import Outcome
from evidence.comparison import Difference, judge_no_regression
from evidence.groups import group_name
from evidence.metrics import METRICS, SEGMENT_METRICS
from evidence.models import LockedDataset

_ROWS = ("row", "rows")
#: What rows a metric rests on where not all count: more rows of another kind would settle nothing.
_COUNTED = {"recall": ("positive row", "positive rows"), "precision": ("row decided yes", "rows decided yes")}


@dataclass(frozen=True)
class RegressionParameters(Parameters):
    """How much worse than what is live a version may be in one metric."""

    metric: str = field(metadata=METRIC)
    dataset: str = field(metadata=DATASET)
    margin: float = field(default=0.0, metadata=meaning("how much worse it may be, in the metric's unit"))
    segment: str = field(default="", metadata=meaning("column=value: recall (accuracy, mae) among these rows only"))


class NoRegression(Gate):
    kind = "no_regression"
    title = "No loss against Production"
    help = (
        "Is a metric no worse than what is live, on the same rows, by more than a margin? "
        "Inconclusive when the 95% interval reaches over it."
    )
    parameters_class = RegressionParameters
    rests_on = frozenset({"evidence", "baseline"})

    def check_parameters(self, parameters: RegressionParameters) -> None:
        if parameters.metric not in METRICS:
            raise ValueError(f"unknown metric {parameters.metric!r}; known: {', '.join(METRICS)}.")
        if parameters.margin < 0:
            raise ValueError("margin must not be negative.")
        by_segment = SEGMENT_METRICS.values()
        if parameters.segment and ("=" not in parameters.segment or parameters.metric not in by_segment):
            raise ValueError(f"segment is written column=value and goes with the metrics {', '.join(by_segment)}.")

    def dataset(self, parameters: RegressionParameters) -> str:
        return parameters.dataset

    def why_not_on(self, locked: LockedDataset, parameters: RegressionParameters) -> str:
        return why_not_labelled(locked)

    def check(self, candidate: Side, baseline: Side | None, parameters: RegressionParameters) -> Judged:
        if candidate.evaluation is None:
            return Judged(Outcome.ERROR, candidate.problem)
        provenance = candidate.evaluation.provenance
        evidence: tuple[str, ...] = (candidate.evaluation.predictions_digest,)
        if misfit := why_not_measured_on(candidate.evaluation.dataset, parameters.metric):
            return Judged(Outcome.ERROR, f"{misfit}.", provenance=provenance, evidence=evidence)
        if baseline is None:
            text = "Nothing is live to compare with."
            return Judged(Outcome.PASSED, text, provenance=provenance, evidence=evidence)
        if baseline.evaluation is None or baseline.comparison is None:
            text = f"{baseline.version} is live but can't be compared with: {baseline.problem}"
            return Judged(baseline.incomparable, text, provenance=provenance, evidence=evidence)
        evidence += (baseline.evaluation.predictions_digest,)
        difference = _wanted(baseline.comparison.measures + baseline.comparison.segments, parameters)
        if difference is None:
            text = f"{parameters.segment} doesn't occur in {parameters.dataset}."
            return Judged(Outcome.ERROR, text, provenance=provenance, evidence=evidence)
        return _judged(difference, parameters, provenance, evidence)


def _wanted(differences: list[Difference], parameters: RegressionParameters) -> Difference | None:
    column, _, value = parameters.segment.partition("=")
    for difference in differences:
        if (difference.metric, difference.column, difference.value) == (parameters.metric, column, value):
            return difference
    return None


def _judged(
    difference: Difference, parameters: RegressionParameters, provenance: str, evidence: tuple[str, ...]
) -> Judged:
    judgement = judge_no_regression(difference, parameters.margin)
    details: dict[str, Any] = {"rows": difference.n, "margin": parameters.margin, "method": difference.method}
    details |= {"difference": difference.difference, "low": difference.low, "high": difference.high}
    if difference.difference is None or difference.low is None or difference.high is None:
        return Judged(Outcome.INCONCLUSIVE, difference.reason, details, provenance, evidence)
    text = f"{_title(parameters)} {_in_words(difference.difference, difference.low, difference.high, parameters)}"
    if judgement.rows_needed:
        more = judgement.rows_needed
        text += f"; needs about {more:,} more {_COUNTED.get(parameters.metric, _ROWS)[more != 1]}"
        details["rows_needed"] = judgement.rows_needed
    return Judged(Outcome(judgement.outcome), text, details, provenance, evidence)


def _title(parameters: RegressionParameters) -> str:
    """`Recall for race: black`."""
    metric = METRICS[parameters.metric]
    distance = ", distance from zero," if metric.direction == "zero" else ""
    column, _, group = parameters.segment.partition("=")
    segment = f" for {column.replace('_', ' ')}: {group_name(group)}" if column else ""
    return f"{metric.title}{distance}{segment}"


def _in_words(difference: float, low: float, high: float, parameters: RegressionParameters) -> str:
    """`−0.050 (−0.081 to −0.019), must stay above −0.020`."""
    metric = METRICS[parameters.metric]
    ends = f"{metric.difference(low).removesuffix(' pts')} to {metric.difference(high).removesuffix(' pts')}"
    upwards = metric.direction == "higher"
    limit = (
        f"above {metric.difference(-parameters.margin)}" if upwards else f"below {metric.difference(parameters.margin)}"
    )
    return f"{metric.difference(difference)} ({ends}), must stay {limit}"
