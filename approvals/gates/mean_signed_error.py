from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, Gate, Judged, Parameters, Side, meaning
from approvals.gates.misfits import why_not_measured_on
from approvals.models.gates import Outcome
from evidence.metrics import METRICS
from evidence.models import LockedDataset, MetricValue
from evidence.single_intervals import further_rows

METRIC = METRICS["mean_signed_error"]


@dataclass(frozen=True)
class SignedErrorParameters(Parameters):
    """How far from zero the mean signed error may lie, on either side."""

    dataset: str = field(metadata=DATASET)
    at_most: float = field(metadata=meaning("the largest distance from zero, in the target's unit"))


class MeanSignedError(Gate):
    kind = "mean_signed_error"
    title = "Mean signed error near zero"
    help = (
        "Is the mean of prediction − truth near enough to zero? Passed when its whole 95% interval is, failed when "
        "none of it is, otherwise inconclusive."
    )
    parameters_class = SignedErrorParameters
    rests_on = frozenset({"evidence"})

    def check_parameters(self, parameters: SignedErrorParameters) -> None:
        if parameters.at_most <= 0:
            raise ValueError("at_most must be above 0.")

    def dataset(self, parameters: SignedErrorParameters) -> str:
        return parameters.dataset

    def why_not_on(self, locked: LockedDataset, parameters: SignedErrorParameters) -> str:
        return why_not_measured_on(locked, METRIC.key)

    def check(self, candidate: Side, baseline: Side | None, parameters: SignedErrorParameters) -> Judged:
        evaluation = candidate.evaluation
        if evaluation is None:
            return Judged(Outcome.ERROR, candidate.problem)
        provenance, evidence = evaluation.provenance, (evaluation.predictions_digest,)
        if problem := self.why_not_on(evaluation.dataset, parameters):
            return Judged(Outcome.ERROR, f"{problem}.", provenance=provenance, evidence=evidence)
        measured = evaluation.values.get(metric=METRIC.key, column="", segment="")
        outcome, summary, details = _judge(measured, parameters.at_most)
        return Judged(outcome, f"{summary} on {parameters.dataset}", details, provenance, evidence)


def _judge(measured: MetricValue, at_most: float) -> tuple[Outcome, str, dict[str, Any]]:
    n, limit, mean = measured.n, METRIC.figure(at_most), measured.value
    low, high = measured.low, measured.high
    details: dict[str, Any] = {"value": mean, "low": low, "high": high, "rows": n, "method": measured.method}
    if mean is None:
        return Outcome.ERROR, f"{METRIC.title} can't be measured: {measured.reason}", details
    if low is None or high is None:
        text = f"{METRIC.title} {METRIC.difference(mean)}: {n:,} row{'s have' if n != 1 else ' has'} no interval"
        return Outcome.INCONCLUSIVE, text, details
    text = f"{METRIC.title} {METRIC.difference(mean)} ({METRIC.difference(low)} to {METRIC.difference(high)})"
    if -at_most <= low and high <= at_most:
        return Outcome.PASSED, f"{text}, within ±{limit}", details
    if low > at_most or high < -at_most:
        return Outcome.FAILED, f"{text}, must be within ±{limit}", details
    text += f", must be within ±{limit}"
    more = further_rows(n, half_width=(high - low) / 2, distance=abs(abs(mean) - at_most))
    if more is not None:
        details["rows_needed"] = more
        text += f"; needs about {more:,} more row{'s' if more != 1 else ''}"
    return Outcome.INCONCLUSIVE, text, details
