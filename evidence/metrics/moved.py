"""Metrics by group together with how far each row moves them, which is all that their intervals need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evidence.groups import Groups
from evidence.metrics import Value
from evidence.metrics.by_group import each_row_s, group_sums, share_of, variance_of
from evidence.metrics.means import Floats
from evidence.single_intervals import mean_ends


@dataclass(frozen=True)
class Moved:
    """A metric's value in each group, and `moves` of each row: n·moves / (weight of its group) is the row's influence.

    Row weights are inside the moves, which sum to 0 in each group. `lacks` says of each group why it has no value, or
    is "" where it has one.
    """

    metric: str
    value: Floats
    moves: Floats
    lacks: list[str]


def moved_mean(metric: str, groups: Groups, rows: Floats, weight: Floats | None, lacks: list[str]) -> Moved:
    """The (weighted) mean of `rows`, float64[rows], in each group."""
    total = group_sums(groups, weight)
    mean = share_of(group_sums(groups, rows if weight is None else rows * weight), total)
    off = rows - each_row_s(groups, mean)
    return Moved(metric, mean, off if weight is None else off * weight, lacks)


def moved_root(mean: Moved, groups: Groups) -> Moved:
    """The root of a mean: d√m = dm / (2√m). Where there is no error at all there is nothing to vary either."""
    root = np.sqrt(mean.value)
    return Moved(
        mean.metric, root, mean.moves * each_row_s(groups, share_of(np.full_like(root, 0.5), root)), mean.lacks
    )


def lacking_rows(groups: Groups) -> list[str]:
    """`Moved.lacks` of a metric that any row defines."""
    return ["" if n else "no rows" for n in group_sums(groups)]


def own_values(moved: Moved, groups: Groups, weight: Floats | None, method: str) -> list[Value]:
    """By group: the value with its own 95% interval, Student's t of its rows' moves; none for a single row."""
    n = group_sums(groups).astype(int).tolist()
    errors = np.sqrt(variance_of(groups, moved.moves, group_sums(groups, weight))).tolist()
    return [
        _value(moved, place, rows, error, method) for place, (rows, error) in enumerate(zip(n, errors, strict=True))
    ]


def _value(moved: Moved, place: int, n: int, error: float, method: str) -> Value:
    if reason := moved.lacks[place]:
        return Value(moved.metric, None, n, reason)
    value = float(moved.value[place])
    if n < 2:
        return Value(moved.metric, value, n)
    return Value(moved.metric, value, n, "", *mean_ends(value, error, n), method)
