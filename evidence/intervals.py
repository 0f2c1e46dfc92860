"""Closed-form intervals for candidate - baseline, paired on the same rows. Arrays have one entry per row.

All raise `Undefined` when the rows carry no interval; none ever answers NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt, tan
from statistics import NormalDist

import numpy as np

from evidence.metrics.binary import Floats, Truth, checked_rows, lacks_a_class, midranks, row_log_loss


class Undefined(Exception):
    """These rows don't determine the interval; the message says why."""


@dataclass(frozen=True)
class Interval:
    """`difference` (candidate - baseline, raw units) and the interval [low, high] made by `method`."""

    difference: float
    low: float
    high: float
    method: str


def auc_difference(truth: Truth, baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of two correlated AUCs.

    Variance: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837-845; components from midranks in
    O(n log n): Sun & Xu (2014), IEEE Signal Processing Letters 21:1389-1393. Normal quantile; cut at ±1.
    Needs two rows of each class. When the two order the rows differently and the estimated variance is still
    zero (say, both separate the classes perfectly), DeLong has nothing honest to say: `Undefined`.
    """
    truth, baseline = checked_rows(truth, baseline)
    truth, candidate = checked_rows(truth, candidate)
    _need_two_of_each_class(truth)
    ranks_before, ranks_after = midranks(baseline), midranks(candidate)
    won_before, lost_before = _placements(truth, baseline, ranks_before)
    won_after, lost_after = _placements(truth, candidate, ranks_after)
    positives, negatives = len(won_after), len(lost_after)
    # Placements are exact multiples of 1/2, so that equal ones cancel exactly and zero below means zero.
    by_positive, by_negative = won_after - won_before, lost_after - lost_before
    if not np.array_equal(ranks_before, ranks_after) and np.ptp(by_positive) == np.ptp(by_negative) == 0:
        raise Undefined("the rows show no variation to judge the AUC difference by")
    variance = np.var(by_positive / negatives, ddof=1) / positives
    variance += np.var(by_negative / positives, ddof=1) / negatives
    half_width = normal_quantile(level) * sqrt(variance)
    difference = float(by_positive.sum()) / (positives * negatives)
    return _cut(difference, difference, half_width, "DeLong, paired")


def log_loss_difference(truth: Truth, baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of two mean log losses: the mean of the rows' differences ± Student's t × standard error.

    A mean of paired differences is its own delta method; Student's t with n - 1 degrees of freedom.
    """
    truth, baseline = checked_rows(truth, baseline)
    truth, candidate = checked_rows(truth, candidate)
    return mean_difference(row_log_loss(truth, baseline), row_log_loss(truth, candidate), level)


def mean_difference(baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of the means of two columns that belong together row by row: Student's t on their differences."""
    differences = candidate - baseline
    mean = float(differences.mean()) if len(differences) else 0.0
    return influence_interval(mean, differences - mean, "paired mean, Student t", level)


def influence_interval(difference: float, influence: Floats, method: str, level: float = 0.95) -> Interval:
    """`difference` ± Student's t × the standard error of the mean of `influence`, one value for each row.

    The delta method: `influence` says how far each row moves the estimate, to first order (their mean is 0).
    """
    rows = len(influence)
    if rows < 2:
        raise Undefined(f"{_counted(rows, 'row')}; the {method.split(',')[0]} needs at least 2")
    error = float(influence.std(ddof=1)) / sqrt(rows)
    half_width = student_quantile(level, rows - 1) * error
    return Interval(difference, difference - half_width, difference + half_width, method)


def share_difference(rows: int, fixed: int, broken: int, level: float = 0.95) -> Interval:
    """Difference of two paired shares (accuracy, recall): (fixed - broken) / rows.

    `fixed` rows only the candidate has right, `broken` only the baseline, among `rows` (0 <= fixed + broken
    <= rows). Adjusted Wald of Bonett & Price (2012), J. Educational and Behavioral Statistics 37:479-488: one
    is added to each discordant cell, so that no discordant row doesn't mean no uncertainty. Cut at ±1.
    """
    if rows < 2:
        raise Undefined(f"{_counted(rows, 'row')}; the adjusted Wald interval needs at least 2")
    if min(fixed, broken) < 0 or fixed + broken > rows:
        raise ValueError(f"{fixed} fixed and {broken} broken don't fit into {rows} rows")
    gain, loss = (fixed + 1) / (rows + 2), (broken + 1) / (rows + 2)
    half_width = normal_quantile(level) * sqrt((gain + loss - (gain - loss) ** 2) / (rows + 2))
    return _cut((fixed - broken) / rows, gain - loss, half_width, "adjusted Wald, paired")


def paired_share_difference(was_right: Truth, is_right: Truth, level: float = 0.95) -> Interval:
    """`share_difference` of two columns that say which rows each model has right."""
    fixed, broken = int((is_right & ~was_right).sum()), int((was_right & ~is_right).sum())
    return share_difference(len(was_right), fixed, broken, level)


def student_quantile(level: float, freedom: int) -> float:
    """Half-width of the central `level` interval of Student's t, in standard errors.

    Exact for 1 and 2 degrees of freedom; beyond that Abramowitz & Stegun (1964) 26.7.5, which is within
    0.2 % at level 0.95 for 3 degrees and within 0.001 % from 10 on.
    """
    if freedom == 1:
        return tan(pi * level / 2)
    if freedom == 2:
        return level * sqrt(2 / (1 - level * level))
    z = normal_quantile(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, start=1))


def _placements(truth: Truth, score: Floats, ranks: Floats) -> tuple[Floats, Floats]:
    """Negatives below each positive, and positives above each negative; a tie counts one half."""
    won = ranks[truth] - midranks(score[truth])
    lost = midranks(score[~truth]) - ranks[~truth] + truth.sum()
    return won, lost


def _need_two_of_each_class(truth: Truth) -> None:
    if reason := lacks_a_class(truth):
        raise Undefined(reason)
    if (smaller := int(min(truth.sum(), (~truth).sum()))) < 2:
        raise Undefined(f"{_counted(smaller, 'row')} of one class; DeLong needs at least 2 of each")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def normal_quantile(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _cut(difference: float, centre: float, half_width: float, method: str) -> Interval:
    low, high = max(-1.0, centre - half_width), min(1.0, centre + half_width)
    return Interval(difference, low, high, method)
