"""One metric over all versions of a model on one dataset, and which of them is best."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from approvals.gates.metric_threshold import MetricThreshold, ThresholdParameters
from dashboard.charts.drawing import Chart
from dashboard.charts.over_versions import Limit, over_versions_chart
from dashboard.pages.compare_choice import SUPERLATIVES, BestVersion, best_version
from dashboard.pages.policies import PolicyInForce
from dashboard.pages.version_table import VersionTable
from evidence.lineup import intervals_meet
from evidence.metrics import METRICS, Metric
from evidence.models import MetricValue
from evidence.queries import comparable_values, count_incomparable
from registry.models import Model, Version

#: Drawn at most, the newest: a mark with its interval needs a few pixels. The table below and its file have all.
MOST_DRAWN = 200


@dataclass(frozen=True)
class OverVersions:
    """`metrics` and `directions` are what can be chosen; `chart` is None unless two versions are measured. `left_out`
    versions have figures that can't be held against the others."""

    metric: Metric
    metrics: list[Metric]
    directions: list[tuple[str, str]]
    best: BestVersion | None
    chart: Chart | None
    left_out: int


def over_versions(
    model: Model, table: VersionTable, *, live: Version | None, policies: Iterable[PolicyInForce]
) -> OverVersions | None:
    """By the metric and on the dataset that the table's choice names; None while nothing is measured. Three queries."""
    metrics = [METRICS[column.key] for column in table.metrics if column.key in METRICS]
    locked, choice = table.dataset, table.choice
    if locked is None or not metrics:
        return None
    metric = next((each for each in metrics if each.key == choice.metric), metrics[0])
    best = best_version(model, locked, metric.key, choice.direction)
    newest = comparable_values(model, locked, metric.key).order_by("-evaluation__version__number")
    found = list(newest[: MOST_DRAWN + 1])
    values = found[:MOST_DRAWN][::-1]
    chart = over_versions_chart(
        metric,
        values,
        live=live,
        limits=[limit for policy in policies for limit in _limits(policy, metric, str(locked))],
        finding=_finding(best, _beside(best, values)) if best else "",
        left_out=len(found) > MOST_DRAWN,
    )
    directions = [("", f"{SUPERLATIVES[metric.direction]}, as usual"), *SUPERLATIVES.items()]
    return OverVersions(metric, metrics, directions, best, chart, count_incomparable(model, locked, metric.key))


def _beside(best: BestVersion, values: Iterable[MetricValue]) -> int:
    """How many others may be as good, as far as intervals of their own can tell."""
    near_zero = best.direction == "zero"
    others = [each for each in values if each.pk != best.value.pk]
    return sum(bool(intervals_meet(each, best.value, near_zero=near_zero)) for each in others)


def _finding(best: BestVersion, beside: int) -> str:
    """`The intervals of 2 other versions meet that of 1.5.0, the highest.`"""
    others = {0: "No other version’s interval meets", 1: "The interval of 1 other version meets"}
    said = others.get(beside, f"The intervals of {beside} other versions meet")
    return f"{said} that of {best.version.name}, the {SUPERLATIVES[best.direction]}."


def _limits(policy: PolicyInForce, metric: Metric, dataset: str) -> Iterator[Limit]:
    """What the policy's quality floors ask of the metric on the dataset."""
    for rule in policy.document.gates if policy.document else ():
        if not isinstance(rule.gate, MetricThreshold):
            continue
        asked: ThresholdParameters = rule.gate.read_parameters(rule.parameters)
        if asked.metric != metric.key or asked.dataset.casefold() != dataset.casefold():
            continue
        says = f"{policy.revision} asks for at"
        if asked.at_least is not None:
            yield Limit(asked.at_least, f"{says} least {metric.figure(asked.at_least)}")
        elif asked.at_most is not None:
            yield Limit(asked.at_most, f"{says} most {metric.figure(asked.at_most)}")
            if metric.direction == "zero":
                yield Limit(-asked.at_most, f"and no less than {metric.figure(-asked.at_most)}")
