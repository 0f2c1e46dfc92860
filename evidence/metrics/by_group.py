"""Sums and means of many groups of rows at once: one pass over the rows however many groups there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.groups import Groups
from evidence.metrics.means import Floats, Numbers

_ROWS_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class GroupedEstimate:
    """By group: an estimate from `n` rows, and the square of its standard error. Shapes [groups].

    A group without rows has the value 0 and the variance 0, one of a single row has no variance either: ask `n`.
    """

    value: Floats
    variance: Floats
    n: Floats


def group_sums(groups: Groups, rows: Numbers | None = None) -> Floats:
    """The sum over each group's rows, float64[groups]; without `rows`, how many there are."""
    if len(groups.names) == 1:  # numpy adds a single column pairwise: faster, and with less rounding
        return np.array([len(groups) if rows is None else rows.sum(dtype=None if rows.dtype != bool else np.int64)])
    return np.bincount(groups.places, weights=rows, minlength=len(groups.names)).astype(np.float64)


def stretches(rows: int) -> Iterator[slice]:
    """All rows, so many at once that what is made of them stays in the processor's cache."""
    for start in range(0, rows, _ROWS_AT_ONCE):
        yield slice(start, start + _ROWS_AT_ONCE)


def cell_sums(cells: npt.NDArray[np.integer[Any]], count: int, rows_of: Callable[[slice], Floats]) -> Floats:
    """By cell 0 … count - 1: the sum of what `rows_of` says of the rows, a stretch at a time; `cells[n]` has theirs."""
    sums = np.zeros(count)
    for rows in stretches(len(cells)):
        sums += np.bincount(cells[rows], weights=rows_of(rows), minlength=count)
    return sums


def group_means(groups: Groups, rows: Floats, weight: Floats | None = None) -> GroupedEstimate:
    """The (weighted) mean of each group's rows, with the variance of `evidence.metrics.means.mean_estimate`."""
    n = group_sums(groups)
    total = n if weight is None else group_sums(groups, weight)

    def heavy(which: slice) -> Floats:
        return rows[which] if weight is None else rows[which] * weight[which]

    mean = share_of(cell_sums(groups.places, len(n), heavy), total)

    def off(which: slice) -> Floats:
        moves = rows[which] - mean[groups.places[which]]
        return (moves if weight is None else moves * weight[which]) ** 2

    variance = share_of(cell_sums(groups.places, len(n), off), total**2) * share_of(n, n - 1)
    return GroupedEstimate(mean, variance, n)


def variance_of(groups: Groups, moves: Floats, total: Floats) -> Floats:
    """The variance of each group's estimate, whose rows' influences are n·moves / total and have mean 0 there."""
    n = group_sums(groups)
    squares = cell_sums(groups.places, len(n), lambda rows: moves[rows] ** 2)
    return share_of(squares, total**2) * share_of(n, n - 1)


def each_row_s(groups: Groups, values: Floats) -> Floats:
    """The value of each row's group, float64[rows] (or float64[1], which broadcasts, when there is one group)."""
    return values if len(groups.names) == 1 else values[groups.places]


def share_of(above: Floats, below: Floats) -> Floats:
    """above / below, and 0 where there is nothing below."""
    share: Floats = np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=below > 0)
    return share
