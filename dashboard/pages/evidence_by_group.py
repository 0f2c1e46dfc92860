"""A version's own figures by group: one metric with its intervals, or all metrics at a glance."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.forest import Axis, Mark
from dashboard.readable import column_in_words, rows_counted
from dashboard.whiskers import Whisker, whisker_axis, whisker_mark
from evidence.metrics import Metric
from evidence.models import Evaluation, MetricValue
from evidence.segments import MINIMUM_SEGMENT_ROWS

#: Groups shown at once; the others open below them.
GROUPS_SHOWN = 12


@dataclass(frozen=True)
class GroupRow:
    value: MetricValue
    mark: Mark | None


@dataclass(frozen=True)
class ByGroup:
    """One metric in the groups of a column, the worst first; those with too few rows are named and not judged."""

    column: str
    metric: Metric
    rows: list[GroupRow]
    small: list[MetricValue]
    undefined: list[MetricValue]
    axis: Axis

    @property
    def title(self) -> str:
        return column_in_words(self.column)

    @property
    def counted(self) -> str:
        """Which rows of a group its figure rests on."""
        return rows_counted(self.metric.key)

    @property
    def first_rows(self) -> list[GroupRow]:
        return self.rows[:GROUPS_SHOWN]

    @property
    def further_rows(self) -> list[GroupRow]:
        return self.rows[GROUPS_SHOWN:]


@dataclass(frozen=True)
class AllByGroup:
    """Every metric in the groups of a column, in the metrics' order; None where a metric isn't stored."""

    column: str
    rows: list[tuple[str, int, list[MetricValue | None]]]

    @property
    def title(self) -> str:
        return column_in_words(self.column)

    @property
    def first_rows(self) -> list[tuple[str, int, list[MetricValue | None]]]:
        return self.rows[:GROUPS_SHOWN]

    @property
    def further_rows(self) -> list[tuple[str, int, list[MetricValue | None]]]:
        return self.rows[GROUPS_SHOWN:]


def by_group(evaluation: Evaluation, metric: Metric, overall: Sequence[MetricValue]) -> list[ByGroup]:
    """The metric in each group, a table for each segment column. One query."""
    line = next((value.value for value in overall if value.metric == metric.key), None)
    found = evaluation.values.filter(metric=metric.key).exclude(column="").order_by("column", "segment")
    return [_by_group(column, metric, values, line) for column, values in _by_column(found)]


def all_by_group(evaluation: Evaluation, metrics: Sequence[Metric]) -> list[AllByGroup]:
    """Every metric in each group, a table for each segment column. One query."""
    found = evaluation.values.exclude(column="").order_by("column", "segment")
    return [_all_by_group(column, metrics, values) for column, values in _by_column(found)]


def _by_column(values: Iterable[MetricValue]) -> Iterable[tuple[str, list[MetricValue]]]:
    columns: dict[str, list[MetricValue]] = defaultdict(list)
    for value in values:
        columns[value.column].append(value)
    return columns.items()


def _by_group(column: str, metric: Metric, values: list[MetricValue], line: float | None) -> ByGroup:
    small = [value for value in values if value.n < MINIMUM_SEGMENT_ROWS]
    large = [value for value in values if value.n >= MINIMUM_SEGMENT_ROWS]
    judged = sorted((value for value in large if value.value is not None), key=lambda value: _goodness(metric, value))
    whiskers = [Whisker(value.value, value.low, value.high) for value in judged]
    axis = whisker_axis(whiskers, line=line)
    return ByGroup(
        column=column,
        metric=metric,
        rows=[GroupRow(value, whisker_mark(each, axis)) for value, each in zip(judged, whiskers, strict=True)],
        small=small,
        undefined=[value for value in large if value.value is None],
        axis=axis,
    )


def _goodness(metric: Metric, value: MetricValue) -> float:
    worth = value.value or 0.0
    return worth if metric.direction == "higher" else -abs(worth)


def _all_by_group(column: str, metrics: Sequence[Metric], values: list[MetricValue]) -> AllByGroup:
    groups: dict[str, dict[str, MetricValue]] = defaultdict(dict)
    for value in values:
        groups[value.segment][value.metric] = value
    # What a metric rests on differs; the largest of them are all rows of the group.
    rows = [
        (group, max(value.n for value in found.values()), [found.get(metric.key) for metric in metrics])
        for group, found in groups.items()
    ]
    return AllByGroup(column, rows)
