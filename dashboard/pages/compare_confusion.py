"""How decisions move by truth: each version's confusion table minus the baseline's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.charts.compared.series import Series
from dashboard.figures import signed
from evidence.lineup import Lineup

#: Shades of a cell, by its size beside the largest move.
SHADES = 6


@dataclass(frozen=True)
class Cell:
    """How many more rows of one truth are decided one way than the baseline does."""

    moved: str
    shade: int
    #: Whether more of it is good.
    is_gain: bool


@dataclass(frozen=True)
class ConfusionDifference:
    """A version against the baseline: a row for each truth, a column for each decision in the same order."""

    series: Series
    finding: str
    decisions: list[str]
    rows: list[tuple[str, list[Cell]]]


def confusion_differences(lineup: Lineup, series: Sequence[Series]) -> list[ConfusionDifference]:
    """One for each version whose table stands on the same classes as the baseline's."""
    before = _table(lineup, series[0])
    if before is None:
        return []
    found = []
    for each in series[1:]:
        after = _table(lineup, each)
        if after is not None and after[0] == before[0]:
            found.append(_difference(each, *before, after[1]))
    return found


def _table(lineup: Lineup, series: Series) -> tuple[list[str], list[list[int]]] | None:
    """Truths and counts; None where no such table is stored, or its figures can't be compared."""
    entry = series.entry
    curve = entry.evaluation.curves.get("confusion") if entry.evaluation and entry.is_comparable else None
    if not curve:
        return None
    return _binary(lineup, curve) if lineup.locked.positive_label else _classes(curve)


def _binary(lineup: Lineup, curve: Mapping[str, Any]) -> tuple[list[str], list[list[int]]]:
    locked = lineup.locked
    truths = [f"{locked.target} = {locked.positive_label}", f"{locked.target}: other"]
    return truths, [
        [curve["true_positive"], curve["false_negative"]],
        [curve["false_positive"], curve["true_negative"]],
    ]


def _classes(curve: Mapping[str, Any]) -> tuple[list[str], list[list[int]]]:
    names = [*map(str, curve["classes"]), *([f"{curve['folded']:,} others"] if curve["folded"] else [])]
    return names, curve["rows"]


def _difference(
    series: Series, truths: list[str], before: list[list[int]], after: list[list[int]]
) -> ConfusionDifference:
    moved = [[now - was for was, now in zip(old, new, strict=True)] for old, new in zip(before, after, strict=True)]
    most = max((abs(count) for row in moved for count in row), default=0) or 1
    rows = [
        (truth, [_cell(count, most, is_right=at == place) for at, count in enumerate(row)])
        for place, (truth, row) in enumerate(zip(truths, moved, strict=True))
    ]
    is_binary = len(truths) == 2 and truths[1].endswith(": other")
    decisions = ["Decided yes", "Decided no"] if is_binary else truths
    return ConfusionDifference(series, _finding(series, moved), decisions, rows)


def _cell(count: int, most: int, *, is_right: bool) -> Cell:
    return Cell(signed(count, 0) if count else "0", -(-SHADES * abs(count) // most), (count > 0) == is_right)


def _finding(series: Series, moved: list[list[int]]) -> str:
    net = sum(row[place] for place, row in enumerate(moved))
    if not net:
        return f"{series.name} decides as many rows rightly as the baseline."
    return f"{series.name} decides {abs(net):,} {'more' if net > 0 else 'fewer'} rows rightly than the baseline."
