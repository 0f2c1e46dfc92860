"""Rows counted by what is true of them and what models decide: all that accuracy, precision, recall and F1 know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidence.groups import Groups
from evidence.metrics import Value
from evidence.metrics.by_group import share_of
from evidence.metrics.means import Floats
from evidence.metrics.sorting import Truth
from evidence.single_intervals import DELTA, WILSON, share_ends, share_interval


@dataclass(frozen=True)
class Ratio:
    """A metric that is Σw·above / Σw·below, both by [is positive, is decided yes] as 0 or 1 (F1: 0, 1 or 2).

    `support` says which of the rows it rests on, likewise. `absence` is why it has no value with nothing below.
    """

    above: tuple[tuple[int, int], tuple[int, int]]
    below: tuple[tuple[int, int], tuple[int, int]]
    support: tuple[tuple[int, int], tuple[int, int]]
    absence: str


_ALL = ((1, 1), (1, 1))
_POSITIVE = ((0, 0), (1, 1))
_DECIDED = ((0, 1), (0, 1))
_HIT = ((0, 0), (0, 1))

RATIOS = {
    "accuracy": Ratio(((1, 0), (0, 1)), _ALL, _ALL, "no rows"),
    "precision": Ratio(_HIT, _DECIDED, _DECIDED, "none of {rows} rows is decided yes"),
    "recall": Ratio(_HIT, _POSITIVE, _POSITIVE, "no positive among {rows} rows"),
    # The harmonic mean of precision and recall: 2 TP / (positive rows + rows decided "yes").
    "f1": Ratio(((0, 0), (0, 2)), ((0, 1), (1, 2)), _ALL, "no positive and none decided yes among {rows} rows"),
}


@dataclass(frozen=True)
class Cells:
    """By group and cell, shape [groups, cells]: how many rows, their weight, and the sum of their squared weights.

    A cell's number has a bit for the truth, the highest, and one for each model's decision.
    """

    rows: Floats
    weight: Floats
    squares: Floats

    def of(self, table: tuple[tuple[int, int], tuple[int, int]], model: int = 0) -> Floats:
        """What `table` says of each cell by its truth and the decision of the model. Shape [cells]."""
        cells = self.rows.shape[1]
        number = np.arange(cells)
        models = cells.bit_length() - 2
        found: Floats = np.array(table, dtype=np.float64)[number >> models, number >> (models - 1 - model) & 1]
        return found

    def value(self, ratio: Ratio, model: int = 0) -> Floats:
        """By group; 0 where there is nothing below."""
        return share_of(self.weight @ self.of(ratio.above, model), self.weight @ self.of(ratio.below, model))

    def influence(self, ratio: Ratio, model: int = 0) -> Floats:
        """By group and cell: how far a row of weight 1 there moves the ratio, in units of 1 / rows of the group."""
        above, below = self.of(ratio.above, model), self.of(ratio.below, model)
        off = above - self.value(ratio, model)[:, None] * below
        return share_of(off, (self.weight @ below)[:, None])

    def variance(self, influence: Floats) -> Floats:
        """By group: the square of the standard error of what is moved so."""
        n = self.rows.sum(axis=1)
        variance: Floats = (self.squares * influence**2).sum(axis=1) * share_of(n, n - 1)
        return variance


def counted(groups: Groups, truth: Truth, decisions: Sequence[Truth], weight: Floats | None = None) -> Cells:
    """The cells of one or several models that decide the same rows."""
    cells = 2 << len(decisions)
    code = truth.astype(np.uint32)
    for decided in decisions:
        code = 2 * code + decided
    if len(groups.names) > 1:
        code += groups.places.astype(np.uint32) * np.uint32(cells)
    shape = (len(groups.names), cells)

    def tally(weights: Floats | None) -> Floats:
        sums = np.bincount(code, weights=weights, minlength=shape[0] * cells)
        return sums.astype(np.float64).reshape(shape)

    rows = tally(None)
    return Cells(rows, rows, rows) if weight is None else Cells(rows, tally(weight), tally(weight * weight))


def lacks_below(ratio: Ratio, cells: Cells, group: int, model: int = 0) -> str:
    """Why the ratio has no value in this group, or "" when it has one."""
    if cells.weight[group] @ cells.of(ratio.below, model) > 0:
        return ""
    rows = int(cells.rows[group].sum())
    return ratio.absence.format(rows=rows) if rows else "no rows"


def ratio_values(cells: Cells, weighted: bool) -> dict[str, list[Value]]:
    """Accuracy, precision, recall and F1 of one model in each group, with its own intervals."""
    found = {}
    for metric, ratio in RATIOS.items():
        n = (cells.rows @ cells.of(ratio.support)).astype(int).tolist()
        values = cells.value(ratio).tolist()
        errors = np.sqrt(cells.variance(cells.influence(ratio))).tolist()
        is_share = metric != "f1" and not weighted
        found[metric] = [
            _missing(metric, ratio, cells, group) or _value(metric, n[group], values[group], errors[group], is_share)
            for group in range(len(n))
        ]
    return found


def _missing(metric: str, ratio: Ratio, cells: Cells, group: int) -> Value | None:
    reason = lacks_below(ratio, cells, group)
    return Value(metric, None, int(cells.rows[group] @ cells.of(ratio.support)), reason) if reason else None


def _value(metric: str, n: int, value: float, error: float, is_share: bool) -> Value:
    if is_share:
        return Value(metric, value, n, "", *share_interval(value, n), WILSON)
    if not error:  # rows that don't vary say nothing of how far the value could be off
        return Value(metric, value, n)
    return Value(metric, value, n, "", *share_ends(value, error), DELTA)
