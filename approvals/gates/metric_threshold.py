from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, METRIC, Gate, Judged, Parameters, Side, meaning
from approvals.gates.misfits import why_not_labelled, why_not_measured_on
from approvals.models.gates import Outcome
from evidence.metrics import METRICS, Metric
from evidence.models import LockedDataset, Provenance


@dataclass(frozen=True)
class ThresholdParameters(Parameters):
    """A floor or a ceiling for one metric."""

    metric: str = field(metadata=METRIC)
    dataset: str = field(metadata=DATASET)
    at_least: float | None = field(default=None, metadata=meaning("the floor; give this or at_most"))
    at_most: float | None = field(default=None, metadata=meaning("the ceiling; give this or at_least"))
    provenance: str = field(
        default="scored", metadata=meaning("executed demands a run here, scored admits predictions handed in")
    )


class MetricThreshold(Gate):
    kind = "metric_threshold"
    title = "Quality floor"
    help = "Is a metric on a locked dataset good enough?"
    parameters_class = ThresholdParameters
    rests_on = frozenset({"evidence"})

    def check_parameters(self, parameters: ThresholdParameters) -> None:
        if parameters.metric not in METRICS:
            raise ValueError(f"unknown metric {parameters.metric!r}; known: {', '.join(METRICS)}.")
        if (parameters.at_least is None) == (parameters.at_most is None):
            raise ValueError("give either at_least or at_most.")
        if METRICS[parameters.metric].direction == "zero" and parameters.at_most is None:
            raise ValueError(f"{parameters.metric} is best at zero: give at_most, how far from zero it may be.")
        if parameters.provenance not in {Provenance.EXECUTED, Provenance.SCORED}:
            raise ValueError("provenance must be executed or scored.")

    def dataset(self, parameters: ThresholdParameters) -> str:
        return parameters.dataset

    def why_not_on(self, locked: LockedDataset, parameters: ThresholdParameters) -> str:
        return why_not_labelled(locked)

    def check(self, candidate: Side, baseline: Side | None, parameters: ThresholdParameters) -> Judged:
        evaluation = candidate.evaluation
        if evaluation is None:
            return Judged(Outcome.ERROR, candidate.problem)
        evidence = (evaluation.predictions_digest,)
        if parameters.provenance == Provenance.EXECUTED and evaluation.provenance != Provenance.EXECUTED:
            text = f"The policy asks for a run here; only predictions made elsewhere are there ({evaluation})."
            return Judged(Outcome.FAILED, text, provenance=evaluation.provenance, evidence=evidence)
        if misfit := why_not_measured_on(evaluation.dataset, parameters.metric):
            return Judged(Outcome.ERROR, f"{misfit}.", provenance=evaluation.provenance, evidence=evidence)
        measured = evaluation.values.get(metric=parameters.metric, column="", segment="")
        if measured.value is None:
            text = f"{METRICS[parameters.metric].title} can't be measured: {measured.reason}."
            return Judged(Outcome.ERROR, text, provenance=evaluation.provenance, evidence=evidence)
        metric = METRICS[parameters.metric]
        passed, limit = _judge(measured.value, metric, parameters)
        return Judged(
            Outcome.PASSED if passed else Outcome.FAILED,
            f"{metric.title} {metric.figure(measured.value)} {limit} on {parameters.dataset}",
            details={"value": measured.value, "rows": evaluation.rows, **_how_it_ran(evaluation)},
            provenance=evaluation.provenance,
            evidence=evidence,
        )


def _judge(value: float, metric: Metric, parameters: ThresholdParameters) -> tuple[bool, str]:
    """Whether the value is good enough, and the limit in words."""
    if parameters.at_least is not None:
        passed = value >= parameters.at_least
        return passed, f"{'≥' if passed else '<'} {metric.figure(parameters.at_least)}"
    assert parameters.at_most is not None  # check_parameters: one of the two
    limit = metric.figure(parameters.at_most)
    if metric.direction == "zero":
        passed = abs(value) <= parameters.at_most
        return passed, f"is {'within' if passed else 'beyond'} ±{limit}"
    passed = value <= parameters.at_most
    return passed, f"{'≤' if passed else '>'} {limit}"


def _how_it_ran(evaluation: Any) -> dict[str, Any]:
    ran = {"isolation": evaluation.isolation, "seconds": evaluation.seconds, "log": evaluation.log}
    return {key: value for key, value in ran.items() if value}
