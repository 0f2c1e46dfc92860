"""One metric in the groups of one column, for every version compared."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.charts.compared.dumbbells import dumbbells
from dashboard.charts.compared.series import Drawn
from dashboard.charts.drawing import Chart
from dashboard.pages.compare_choice import Asked
from dashboard.readable import column_in_words, rows_counted
from evidence.differences import Difference
from evidence.groups import group_name
from evidence.lineup import Entry, Lineup
from evidence.metrics import METRICS, SEGMENT_METRICS, Metric
from evidence.models import MetricValue
from evidence.segments import MINIMUM_SEGMENT_ROWS, surest_harm

#: Groups shown at once; the others open below them.
GROUPS_SHOWN = 12


@dataclass(frozen=True)
class GroupCell:
    """A version's figure in the group, and its difference from the baseline's where the two were compared."""

    value: MetricValue | None
    difference: Difference | None


@dataclass(frozen=True)
class GroupRow:
    name: str
    cells: list[GroupCell]

    @property
    def rows(self) -> int:
        """How many rows the figures rest on, the most of any version."""
        return max((cell.value.n for cell in self.cells if cell.value), default=0)


@dataclass(frozen=True)
class Groups:
    """The groups that are large enough, those with the surest loss first; `small` are named and not judged."""

    metric: Metric
    column: str
    metrics: list[Metric]
    columns: list[tuple[str, str]]
    rows: list[GroupRow]
    small: list[GroupRow]
    chart: Chart | None

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


def groups_of(lineup: Lineup, drawn: Drawn, asked: Asked) -> Groups | None:
    """None where the dataset declares no groups. Two things are read: the stored figures, in one query, and the
    comparisons that the line-up has."""
    columns = lineup.locked.segment_columns
    if not columns or not lineup.metrics:
        return None
    known = {metric.key for metric in lineup.metrics}
    metric = METRICS[asked.metric if asked.metric in known else SEGMENT_METRICS[lineup.baseline.version.task]]
    column = asked.column if asked.column in columns else columns[0]
    rows = _rows(lineup, metric, column)
    large = [row for row in rows if row.rows >= MINIMUM_SEGMENT_ROWS]
    return Groups(
        metric=metric,
        column=column,
        metrics=lineup.metrics,
        columns=[(each, column_in_words(each)) for each in columns],
        rows=large,
        small=[row for row in rows if row.rows < MINIMUM_SEGMENT_ROWS],
        chart=dumbbells(
            drawn, metric, _figures(large, lineup.entries), column_in_words(column), judged=_judged(large, lineup)
        ),
    )


def _rows(lineup: Lineup, metric: Metric, column: str) -> list[GroupRow]:
    values = _values(lineup, metric, column)
    differences = [_differences(lineup, entry, metric, column) for entry in lineup.entries]
    rows = [
        GroupRow(
            name,
            [
                GroupCell(found.get(entry.version.pk), judged.get(name))
                for entry, judged in zip(lineup.entries, differences, strict=True)
            ],
        )
        for name, found in values.items()
    ]
    return sorted(rows, key=_surest_first)


def _values(lineup: Lineup, metric: Metric, column: str) -> Mapping[str, Mapping[int, MetricValue]]:
    """By group and version's key, groups by name."""
    versions = {each.evaluation.pk: each.version.pk for each in lineup.entries if each.evaluation}
    stored = MetricValue.objects.filter(evaluation__in=versions, metric=metric.key, column=column)
    found: defaultdict[str, dict[int, MetricValue]] = defaultdict(dict)
    for value in stored.order_by("segment"):
        found[value.segment][versions[value.evaluation_id]] = value
    return found


def _differences(lineup: Lineup, entry: Entry, metric: Metric, column: str) -> dict[str, Difference]:
    compared = lineup.comparison(entry, lineup.baseline) if entry is not lineup.baseline else None
    judged = compared.segments_by(metric.key) if compared else []
    return {each.value: each for each in judged if each.column == column}


def _surest_first(row: GroupRow) -> tuple[bool, float, str]:
    judged = [cell.difference for cell in row.cells if cell.difference and cell.difference.low is not None]
    return not judged, min((surest_harm(each)[0] for each in judged), default=0.0), row.name


def _judged(rows: Sequence[GroupRow], lineup: Lineup) -> dict[int, list[Difference]]:
    """By version's key the differences that have an interval."""
    found: dict[int, list[Difference]] = {}
    for row in rows:
        for entry, cell in zip(lineup.entries, row.cells, strict=True):
            if cell.difference is not None and cell.difference.low is not None:
                found.setdefault(entry.version.pk, []).append(cell.difference)
    return found


def _figures(rows: Sequence[GroupRow], entries: Sequence[Entry]) -> dict[str, dict[int, float]]:
    """What is drawn: groups in which two versions have a figure."""
    found = {
        group_name(row.name): {
            entry.version.pk: cell.value.value
            for entry, cell in zip(entries, row.cells, strict=True)
            if cell.value is not None and cell.value.value is not None
        }
        for row in rows
    }
    return {name: figures for name, figures in found.items() if len(figures) > 1}
