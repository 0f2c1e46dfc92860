from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, Gate, Judged, Parameters, Side, meaning
from approvals.models.gates import Outcome
from evidence.comparison import Difference, judge_no_regression
from evidence.metrics import METRICS


@dataclass(frozen=True)
class RegressionParameters(Parameters):
    """How much worse than what is live a version may be in one metric."""

    metric: str = field(metadata=meaning("which metric"))
    dataset: str = field(metadata=DATASET)
    margin: float = field(default=0.0, metadata=meaning("how much worse it may be, in the metric's unit"))
    segment: str = field(default="", metadata=meaning("column=value: judge recall among these rows only"))


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
        if parameters.segment and ("=" not in parameters.segment or parameters.metric != "recall"):
            raise ValueError("segment is written column=value and goes with the metric recall.")

    def dataset(self, parameters: RegressionParameters) -> str:
        return parameters.dataset

    def check(self, candidate: Side, baseline: Side | None, parameters: RegressionParameters) -> Judged:
        if candidate.evaluation is None:
            return Judged(Outcome.ERROR, candidate.problem)
        provenance = candidate.evaluation.provenance
        evidence: tuple[str, ...] = (candidate.evaluation.predictions_digest,)
        if baseline is None:
            text = "Nothing is live to compare with."
            return Judged(Outcome.PASSED, text, provenance=provenance, evidence=evidence)
        if baseline.evaluation is None or baseline.comparison is None:
            text = f"{baseline.version} is live but can't be compared with: {baseline.problem}"
            return Judged(Outcome.INCONCLUSIVE, text, provenance=provenance, evidence=evidence)
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
    higher = METRICS[parameters.metric].direction == "higher"
    limit = f"above {_signed(-parameters.margin)}" if higher else f"below {_signed(parameters.margin)}"
    text = (
        f"{METRICS[parameters.metric].title}{_for_segment(parameters.segment)} "
        f"{_signed(difference.difference)} ({_signed(difference.low)} to {_signed(difference.high)}), must stay {limit}"
    )
    if judgement.rows_needed:
        more = judgement.rows_needed
        text += f"; needs about {more:,} more row{'s' if more != 1 else ''}"
        details["rows_needed"] = judgement.rows_needed
    return Judged(Outcome(judgement.outcome), text, details, provenance, evidence)


def _for_segment(segment: str) -> str:
    """`race=black` as people read it: ` for race: black`."""
    return f" for {segment.replace('_', ' ').replace('=', ': ')}" if segment else ""


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")
