"""Closed-form intervals for candidate - baseline, paired on the same rows. Arrays have one entry per row.

All raise `Undefined` when the rows carry no interval; none ever answers NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from evidence.metrics.binary import Floats, Truth, checked_rows, row_log_loss
from evidence.metrics.means import mean_estimate
from evidence.quantiles import normal_quantile, student_quantile

PAIRED_MEAN = "paired mean, Student t"
WEIGHTED_MEAN = "weighted paired mean, delta method"


class Undefined(Exception):
    """These rows don't determine the interval; the message says why."""


@dataclass(frozen=True)
class Interval:
    """`difference` (candidate - baseline, raw units) and the interval [low, high] made by `method`."""

    difference: float
    low: float
    high: float
    method: str


def log_loss_difference(truth: Truth, baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of two mean log losses: the mean of the rows' differences ± Student's t × standard error.

    A mean of paired differences is its own delta method; Student's t with n - 1 degrees of freedom.
    """
    truth, baseline = checked_rows(truth, baseline)
    truth, candidate = checked_rows(truth, candidate)
    return mean_difference(row_log_loss(truth, baseline), row_log_loss(truth, candidate), level)


def mean_difference(
    baseline: Floats, candidate: Floats, level: float = 0.95, *, weight: Floats | None = None
) -> Interval:
    """Difference of the means of two columns that belong together row by row: Student's t on their differences."""
    need_two_rows(len(candidate), PAIRED_MEAN)
    found = mean_estimate(candidate - baseline, weight)
    return influence_interval(found.value, found.influence, PAIRED_MEAN if weight is None else WEIGHTED_MEAN, level)


def influence_interval(difference: float, influence: Floats, method: str, level: float = 0.95) -> Interval:
    """`difference` ± Student's t × the standard error of the mean of `influence`, one value for each row.

    The delta method: `influence` says how far each row moves the estimate, to first order (their mean is 0).
    """
    rows = len(influence)
    need_two_rows(rows, method)
    error = float(influence.std(ddof=1)) / sqrt(rows)
    return estimate_interval(difference, error, rows, method, level)


def estimate_interval(difference: float, error: float, rows: int, method: str, level: float = 0.95) -> Interval:
    """`difference` ± Student's t, with `rows` - 1 degrees of freedom, × `error`."""
    need_two_rows(rows, method)
    half_width = student_quantile(level, rows - 1) * error
    return Interval(difference, difference - half_width, difference + half_width, method)


def share_difference(rows: int, fixed: int, broken: int, level: float = 0.95) -> Interval:
    """Difference of two paired shares (accuracy, recall): (fixed - broken) / rows.

    `fixed` rows only the candidate has right, `broken` only the baseline, among `rows` (0 <= fixed + broken
    <= rows). Adjusted Wald of Bonett & Price (2012), J. Educational and Behavioral Statistics 37:479-488: one
    is added to each discordant cell, so that no discordant row doesn't mean no uncertainty. Cut at ±1.
    """
    need_two_rows(rows, "adjusted Wald interval")
    if min(fixed, broken) < 0 or fixed + broken > rows:
        raise ValueError(f"{fixed} fixed and {broken} broken don't fit into {rows} rows")
    gain, loss = (fixed + 1) / (rows + 2), (broken + 1) / (rows + 2)
    half_width = normal_quantile(level) * sqrt((gain + loss - (gain - loss) ** 2) / (rows + 2))
    return cut_interval((fixed - broken) / rows, gain - loss, half_width, "adjusted Wald, paired")


def need_two_rows(rows: int, method: str) -> None:
    """Raises Undefined for fewer."""
    if rows < 2:
        counted = f"{rows} row" if rows == 1 else f"{rows} rows"
        raise Undefined(f"{counted}; the {method.split(',')[0]} needs at least 2")


def cut_interval(difference: float, centre: float, half_width: float, method: str) -> Interval:
    """`centre` ± `half_width`, cut at ±1: a difference of two shares goes no further."""
    low, high = max(-1.0, centre - half_width), min(1.0, centre + half_width)
    return Interval(difference, low, high, method)
