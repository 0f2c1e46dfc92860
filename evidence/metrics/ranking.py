"""What is measured by the order of scores: AUC and average precision, of many groups at once.

All they need to know is how much weight of each class lies in each level (a run of equal scores): cumulated over the
levels of a group that says what lies below and above. Nothing here is binned, and no loop runs over rows or groups.

A row's move says how far it shifts the statistic, to first order: its influence, in a unit of the statistic's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evidence.groups import Groups
from evidence.metrics.by_group import cell_sums, group_sums, share_of
from evidence.metrics.means import Floats
from evidence.metrics.sorting import Levels, Places, Truth, levels_of, sorted_within

#: A standard error this small is rounding: the rows don't vary in what they say.
NO_VARIATION = 1e-12


@dataclass(frozen=True)
class Totals:
    """By group: the weight of its positive rows, and of the others."""

    positive: Floats
    negative: Floats


@dataclass(frozen=True, eq=False)
class Rankings:
    """AUC and average precision `[groups]`, 0 in a group without rows of both classes, and each row's moves `[n]`.

    `placements`: of a positive row the weight of the negatives below it, of another that of the positives above it, a
    tie counting one half. Its distance from the class's mean, over the weight of all pairs, is the row's move of AUC
    (E. R. DeLong, D. M. DeLong & D. L. Clarke-Pearson (1988), Biometrics 44:837-845; from sorted scores: X. Sun &
    W. Xu (2014), IEEE Signal Processing Letters 21:1389-1393). Exact multiples of 1/2 when rows have no weights.

    `precision_moves`: the row's move of average precision, in units of 1 / weight of the positives; for a positive row
    average precision is still to be taken off.
    """

    totals: Totals
    auc: Floats
    average_precision: Floats
    placements: Floats
    precision_moves: Floats


class _Running:
    """Sums over the levels of each group, carried on from one stretch of levels to the next."""

    def __init__(self, groups: int) -> None:
        self.sums = np.zeros(groups)

    def add(self, levels: Levels, of_level: Floats) -> None:
        """Takes the levels' values into the sums of their groups."""
        first = levels.first
        there = np.flatnonzero(first[1:] > first[:-1])  # a group without rows has no level to begin at
        self.sums[levels.groups.start + there] += np.add.reduceat(of_level, first[there])

    def cumulated(self, levels: Levels, of_level: Floats) -> Floats:
        """By level: the sum over the levels of its group up to and with itself."""
        sums = np.cumsum(of_level)
        before = np.append(0.0, sums)[levels.first]
        carried = self.sums[levels.groups] - before[:-1]
        self.sums[levels.groups] += np.diff(before)
        sums += carried if len(carried) == 1 else np.repeat(carried, np.diff(levels.first))
        return sums


def rank(truth: Truth, score: Floats, order: Places, groups: Groups, weight: Floats | None = None) -> Rankings:
    """`order` is `rows_by_score(score)`."""
    walk = _Walk(truth, weight, _totals(truth, groups, weight))
    for levels in levels_of(sorted_within(groups, order), score):
        walk.take(levels)
    totals = walk.totals
    return Rankings(
        totals=totals,
        auc=share_of(walk.pairs_won.sums, totals.positive * totals.negative),
        average_precision=share_of(walk.precision.sums, totals.positive),
        placements=walk.placements,
        precision_moves=walk.precision_moves,
    )


def _totals(truth: Truth, groups: Groups, weight: Floats | None) -> Totals:
    positive = group_sums(groups, truth if weight is None else np.where(truth, weight, 0.0))
    return Totals(positive, group_sums(groups, ~truth if weight is None else np.where(truth, 0.0, weight)))


class _Walk:
    """Takes the levels of all groups from the lowest score up."""

    def __init__(self, truth: Truth, weight: Floats | None, totals: Totals) -> None:
        self.truth, self.weight, self.totals = truth, weight, totals
        self.placements, self.precision_moves = np.empty(len(truth)), np.empty(len(truth))
        groups = len(totals.positive)
        self.positives, self.negatives = _Running(groups), _Running(groups)
        self.pairs_won, self.precision = _Running(groups), _Running(groups)
        self.in_a, self.in_b = _Running(groups), _Running(groups)

    def take(self, levels: Levels) -> None:
        is_positive = self.truth[levels.rows]
        weight = np.ones(len(levels.rows)) if self.weight is None else self.weight[levels.rows]
        positive, negative = levels.sums(weight * is_positive), levels.sums(weight * ~is_positive)
        below = self.negatives.cumulated(levels, negative) - negative
        above = levels.each_level_s(self.totals.positive) - self.positives.cumulated(levels, positive)

        won = below + negative / 2
        self.pairs_won.add(levels, positive * won)
        lost = above + positive / 2
        self.placements[levels.rows] = _by_row(levels, is_positive, won, lost)

        as_positive, as_negative = self._precision_moves(levels, positive, negative, above, below)
        self.precision_moves[levels.rows] = _by_row(levels, is_positive, as_positive, as_negative)

    def _precision_moves(
        self, levels: Levels, positive: Floats, negative: Floats, above: Floats, below: Floats
    ) -> tuple[Floats, Floats]:
        """By level: how far a positive row in it moves average precision, and another one.

        With A and B the weight of the positives and of all rows that score at least as high, average precision is the
        mean of A/B over positives: a row moves it as one of those averaged over (less the mean, which isn't known
        yet), and by being counted in A and B at every positive that scores no higher.
        """
        in_a = np.maximum(above, 0.0) + positive  # sums of very unequal weights are rounded, to below 0 even
        in_b = in_a + np.maximum(levels.each_level_s(self.totals.negative) - below, negative)
        precision = in_a / in_b
        self.precision.add(levels, positive * precision)
        here = positive / in_b
        counted_in_b = self.in_b.cumulated(levels, here * precision)
        return precision + self.in_a.cumulated(levels, here) - counted_in_b, -counted_in_b


def _by_row(levels: Levels, is_positive: Truth, of_positive: Floats, of_negative: Floats) -> Floats:
    return np.where(is_positive, levels.each_row_s(of_positive), levels.each_row_s(of_negative))


class Classes:
    """The rows of every group by class: sums over them, and the variance of a statistic that they move."""

    def __init__(self, truth: Truth, groups: Groups, weight: Floats | None) -> None:
        self.shape = (len(groups.names), 2)
        self.cells = truth.astype(np.intp) if self.shape[0] == 1 else groups.places * np.intp(2) + truth
        self.weight = weight
        self.rows = np.bincount(self.cells, minlength=2 * self.shape[0]).astype(np.float64).reshape(self.shape)

    def means(self, rows: Floats) -> Floats:
        """By group and class: the weighted mean. Shape [groups, 2]."""
        if self.weight is None:
            return share_of(self._sums(lambda which: rows[which]), self.rows)
        weight = self.weight
        total = self._sums(lambda which: weight[which])
        return share_of(self._sums(lambda which: rows[which] * weight[which]), total)

    def variance(self, rows: Floats, centres: Floats) -> Floats:
        """By group: Σw²(row - its cell's centre)², either class with the n / (n - 1) of its own as DeLong has it."""
        centre_of = centres.ravel()

        def squares(which: slice) -> Floats:
            off = rows[which] - centre_of[self.cells[which]]
            return (off if self.weight is None else off * self.weight[which]) ** 2

        variance: Floats = (self._sums(squares) * share_of(self.rows, self.rows - 1)).sum(axis=1)
        return variance

    def _sums(self, rows_of: Callable[[slice], Floats]) -> Floats:
        return cell_sums(self.cells, self.shape[0] * 2, rows_of).reshape(self.shape)


def auc_error(classes: Classes, placements: Floats, totals: Totals) -> Floats:
    """By group: the standard error of AUC, or of a difference of two if that is what the placements are."""
    variance = classes.variance(placements, classes.means(placements))
    return share_of(np.sqrt(variance), totals.positive * totals.negative)


def average_precision_error(classes: Classes, moves: Floats, value: Floats, totals: Totals) -> Floats:
    """By group: the standard error of the average precision `value`, or of a difference of two with that of moves."""
    centres = np.stack([np.zeros_like(value), value], axis=1)
    return share_of(np.sqrt(classes.variance(moves, centres)), totals.positive)
