"""Intervals for metrics that are made of counts: precision, F1 and their like, and macro means of them.

All that such a metric knows of the rows is the table of their joint outcomes: true class, baseline's decision,
candidate's decision. Drawing tables from the multinomial distribution with the observed shares is therefore
the same as drawing rows with replacement, at a cost that doesn't grow with the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from evidence.intervals import Interval, Undefined
from evidence.metrics.binary import Floats
from evidence.metrics.multiclass import Classes
from evidence.quantiles import normal_quantile

DRAWS = 4000
# The same tables give the same interval, on every machine and every day.
SEED = 20_050
_CELLS_AT_ONCE = 4_000_000
_COUNTED_OUTRIGHT = 1_000_000
_MOST_UNDEFINED = 0.05
# Farther out so few draws lie that a percentile would be chance: many segments widen their intervals beyond it.
FIRMEST_LEVEL = 0.99
METHOD = f"{DRAWS:,} multinomial resamples of the joint table, percentiles"


@dataclass(frozen=True)
class Tallies:
    """By draw and class, shape [draws, classes]: rows of the class, rows put into it, rows of both."""

    there: Floats
    decided: Floats
    right: Floats


@dataclass(frozen=True)
class JointTable:
    """The joint outcomes that occur, each with the rows that have it."""

    truth: Classes
    baseline: Classes
    candidate: Classes
    rows: Classes
    classes: int


Statistic = Callable[[Tallies], Floats]


def precision(tallies: Tallies) -> Floats:
    """Of class 1, by draw; NaN where nothing is decided so."""
    return _ratio(tallies.right[:, 1], tallies.decided[:, 1])


def f1(tallies: Tallies) -> Floats:
    """Of class 1, by draw; NaN where nothing is of the class or decided so."""
    return _ratio(2 * tallies.right[:, 1], (tallies.there + tallies.decided)[:, 1])


def macro_recall(tallies: Tallies) -> Floats:
    """The mean recall of the classes that occur, by draw."""
    return _mean_of_defined(_ratio(tallies.right, tallies.there))


def macro_f1(tallies: Tallies) -> Floats:
    """The mean F1 of the classes that occur or are predicted, by draw."""
    return _mean_of_defined(_ratio(2 * tallies.right, tallies.there + tallies.decided))


def joint_table(truth: Classes, baseline: Classes, candidate: Classes, classes: int) -> JointTable:
    """The table of three columns of classes, each a number from 0 to classes - 1."""
    codes = (np.asarray(truth, np.intp) * classes + baseline) * classes + candidate
    if classes**3 <= _COUNTED_OUTRIGHT:  # without sorting the rows
        counts = np.bincount(codes, minlength=classes**3)
        found = np.flatnonzero(counts)
        rows = counts[found]
    else:
        found, rows = np.unique(codes, return_counts=True)
    return JointTable(found // classes**2, found // classes % classes, found % classes, rows, classes)


def resampled_difference(table: JointTable, statistic: Statistic, level: float = 0.95) -> Interval:
    """The statistic of the candidate - that of the baseline, with the percentiles of redrawn tables.

    Raises Undefined when there are fewer than 2 rows, or the statistic has no value in too many of the draws.
    """
    if int(table.rows.sum()) < 2:
        raise Undefined("fewer than 2 rows; resampling needs at least 2")
    observed = float(_difference(table, table.rows[None, :].astype(np.float64), statistic)[0])
    drawn = np.concatenate([_difference(table, draws, statistic) for draws in _draws(table)])
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < (1 - _MOST_UNDEFINED) * DRAWS:
        raise Undefined("too few rows: many resamples of them have no value at all")
    return Interval(observed, *_ends(defined, level), METHOD)


def _ends(drawn: Floats, level: float) -> tuple[float, float]:
    """Percentiles, at most `FIRMEST_LEVEL` apart: carried on from there as the normal distribution goes on."""
    firm = min(level, FIRMEST_LEVEL)
    low, middle, high = np.percentile(drawn, [50 * (1 - firm), 50, 50 * (1 + firm)]).tolist()
    stretch = normal_quantile(level) / normal_quantile(firm)
    return middle - (middle - low) * stretch, middle + (high - middle) * stretch


def _draws(table: JointTable) -> Iterator[Floats]:
    """Tables as float64[some, cells], `DRAWS` in all."""
    generator = np.random.default_rng(SEED)
    rows = int(table.rows.sum())
    at_once = max(1, min(DRAWS, _CELLS_AT_ONCE // len(table.rows)))
    for start in range(0, DRAWS, at_once):
        draws = min(at_once, DRAWS - start)
        yield generator.multinomial(rows, table.rows / rows, size=draws).astype(np.float64)


def _difference(table: JointTable, draws: Floats, statistic: Statistic) -> Floats:
    after, before = _tally(table, draws, table.candidate), _tally(table, draws, table.baseline)
    difference: Floats = statistic(after) - statistic(before)
    return difference


def _tally(table: JointTable, draws: Floats, decided: Classes) -> Tallies:
    right = np.where(decided == table.truth, decided, table.classes)  # a class of its own for the wrong ones
    return Tallies(
        there=draws @ _membership(table.truth, table.classes),
        decided=draws @ _membership(decided, table.classes),
        right=draws @ _membership(right, table.classes),
    )


def _membership(cells: Classes, classes: int) -> Floats:
    members: Floats = (cells[:, None] == np.arange(classes)[None, :]).astype(np.float64)
    return members


def _ratio(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    return ratio


def _mean_of_defined(values: Floats) -> Floats:
    defined = np.isfinite(values)
    return _ratio(np.where(defined, values, 0).sum(axis=1), defined.sum(axis=1).astype(np.float64))
