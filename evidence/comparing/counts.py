"""Two models that decide yes or no, compared by counting rows: accuracy, precision, recall and F1 in each group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evidence.groups import Groups
from evidence.intervals import Interval
from evidence.metrics.by_group import share_of
from evidence.metrics.cells import RATIOS, Cells, Ratio, counted, lacks_below
from evidence.metrics.scored import Scored
from evidence.resampling import JointTable, Statistic, f1, precision, resampled_difference
from evidence.segments import Group, estimate_interval_of, share_interval_of

#: How many rows of which kind each metric rests on, in the less favoured of the two models.
_RESTS_ON = {
    "accuracy": "rows",
    "precision": "rows decided yes",
    "recall": "positive rows",
    "f1": "positive rows",
}
_RESAMPLED: dict[str, Statistic] = {"precision": precision, "f1": f1}


def counted_groups(before: Scored, after: Scored, column: str, groups: Groups) -> dict[str, list[Group]]:
    """By metric: one Group for each group of the column, in its order."""
    cells = counted(groups, after.truth, [before.decided, after.decided], after.weight)
    return {metric: _groups(metric, cells, column, groups, after.weight is not None) for metric in RATIOS}


def _groups(metric: str, cells: Cells, column: str, groups: Groups, weighted: bool) -> list[Group]:
    ratio = RATIOS[metric]
    n = (cells.rows @ cells.of(ratio.support, model=1)).astype(int).tolist()
    support = _support(metric, cells)
    values = [cells.value(ratio, model).tolist() for model in (0, 1)]
    interval_of = _weighted_intervals(metric, cells) if weighted else _intervals(metric, cells)
    found = []
    for place, name in enumerate(groups.names):
        lacks = [lacks_below(ratio, cells, place, model) for model in (0, 1)]
        was, now = (None if lacks[model] else values[model][place] for model in (0, 1))
        found.append(
            Group(
                metric=metric,
                column=column,
                value=name,
                n=n[place],
                rows=_RESTS_ON[metric],
                baseline=was,
                candidate=now,
                interval=interval_of(place),
                support=support[place],
                reason=lacks[1] or lacks[0],
            )
        )
    return found


def _support(metric: str, cells: Cells) -> list[int]:
    table = RATIOS["recall" if metric == "f1" else metric].support
    support = np.minimum(*(cells.rows @ cells.of(table, model) for model in (0, 1)))
    return [int(count) for count in support]


def _intervals(metric: str, cells: Cells) -> Callable[[int], Callable[[float], Interval]]:
    if metric in _RESAMPLED:
        return lambda place: _resampled(metric, cells.rows[place])
    ratio = RATIOS[metric]
    counts = cells.of(ratio.support)
    was, now = (cells.of(ratio.above, model) * counts for model in (0, 1))
    n, fixed, broken = (
        (cells.rows @ which).astype(int).tolist() for which in (counts, counts * (now > was), counts * (was > now))
    )
    return lambda place: share_interval_of(n[place], fixed[place], broken[place])


def _resampled(metric: str, rows: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Callable[[float], Interval]:
    cell = np.arange(len(rows))
    table = JointTable(cell >> 2, cell >> 1 & 1, cell & 1, rows.astype(np.intp), classes=2)
    return lambda level: resampled_difference(table, _RESAMPLED[metric], level)


def _weighted_intervals(metric: str, cells: Cells) -> Callable[[int], Callable[[float], Interval]]:
    ratio = RATIOS[metric]
    differences = cells.value(ratio, 1) - cells.value(ratio, 0)
    variances = cells.variance(cells.influence(ratio, 1) - cells.influence(ratio, 0))
    n = cells.rows.sum(axis=1)
    method = "ratio of weighted means, delta method, paired"
    alike = _alike(ratio, cells)

    def interval_of(place: int) -> Callable[[float], Interval]:
        if metric not in _RESAMPLED and alike[place]:
            return share_interval_of(alike[place], 0, 0)
        return estimate_interval_of(float(differences[place]), float(variances[place]), int(n[place]), method)

    return interval_of


def _alike(ratio: Ratio, cells: Cells) -> list[int]:
    """By group: how many rows the weighted ones are worth where both models decide each alike, else 0.

    No discordant row doesn't mean no uncertainty, and the delta method would say so. Kish (1965), Survey Sampling:
    (Σw)² / Σw².
    """
    counts = cells.of(ratio.support)
    differs = cells.of(ratio.above, 0) != cells.of(ratio.above, 1)
    worth = share_of((cells.weight @ counts) ** 2, cells.squares @ counts)
    return [0 if moved else int(rows) for moved, rows in zip(cells.rows @ (counts * differs), worth, strict=True)]
