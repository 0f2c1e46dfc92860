"""What a version's features are worth to it, as the worker found it by shuffling them."""

from dataclasses import dataclass

from dashboard.figures import SHARE, difference, figure, interval
from dashboard.forest import Axis, Mark
from dashboard.whiskers import Whisker, whisker_axis, whisker_mark
from evidence.importance import Finding, Reliance
from evidence.metrics import METRICS, Metric
from evidence.models import Evaluation, Importance

#: Features shown at once; the others open below them.
FEATURES_SHOWN = 10


@dataclass(frozen=True)
class FeatureRow:
    name: str
    drop: str
    interval: str
    share: str
    mark: Mark | None
    #: The bar from no importance to this one: its left end and its width, in pixels.
    bar: tuple[float, float]


@dataclass(frozen=True)
class ImportanceTable:
    """One metric: how much worse it gets by each feature, the most important first."""

    stored: Importance
    metric: Metric
    method: str
    finding: str
    axis: Axis
    rows: list[FeatureRow]

    @property
    def first_rows(self) -> list[FeatureRow]:
        return self.rows[:FEATURES_SHOWN]

    @property
    def further_rows(self) -> list[FeatureRow]:
        return self.rows[FEATURES_SHOWN:]


def importance_tables(evaluation: Evaluation) -> list[ImportanceTable]:
    """One for each metric it was found by, the plainest first."""
    return [_table(stored) for stored in evaluation.importances.order_by("pk")]


def _table(stored: Importance) -> ImportanceTable:
    found = Finding.from_dict(stored.result)
    metric, shares = METRICS[found.metric], found.shares()
    whiskers = [Whisker(each.drop, each.low, each.high) for each in found.features]
    axis = whisker_axis(whiskers, line=0.0)
    rows = [
        _row(each, whisker, metric, axis, shares.get(each.feature, 0.0))
        for each, whisker in zip(found.features, whiskers, strict=True)
    ]
    return ImportanceTable(stored, metric, found.method, _finding(found, shares, metric), axis, rows)


def _row(each: Reliance, whisker: Whisker, metric: Metric, axis: Axis, share: float) -> FeatureRow:
    ends = sorted((axis.place(0), axis.place(each.drop)))
    return FeatureRow(
        name=each.feature,
        drop=difference(each.drop, metric.unit),
        interval=interval(each.low, each.high, metric.unit),
        share=figure(share, SHARE),
        mark=whisker_mark(whisker, axis),
        bar=(ends[0], round(ends[1] - ends[0], 1)),
    )


def _finding(found: Finding, shares: dict[str, float], metric: Metric) -> str:
    sure = [each.feature for each in found.features if each.low > 0]
    if not sure:
        return f"No single feature measurably matters to its {metric.title}."
    said = f"{sure[0]} carries {figure(shares[sure[0]], SHARE)} of all importance"
    others, many = len(found.features) - len(sure), len(found.features)
    matters = "doesn’t measurably matter" if others == 1 else "don’t measurably matter"
    return f"{said}; {others} of {many} features {matters}." if others else f"{said}."
