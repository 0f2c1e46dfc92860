"""Intervals for candidate - baseline of what is no plain mean: roots, ratios, rank and binned statistics.

Each estimate is replaced by its first-order approximation, a mean of one value for each row (its influence
function), whose standard error is then that of a mean: A. W. van der Vaart (1998), Asymptotic Statistics,
chapters 3 and 20. Arrays have one entry per row. All raise `Undefined` when the rows carry no interval.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from evidence.intervals import Interval, Undefined, influence_interval, normal_quantile
from evidence.metrics.binary import Floats, Truth, calibration_bins, calibration_gaps, lacks_a_class, precision_at
from evidence.metrics.regression import lacks_spread

# The boundary of an ellipse is walked in this many steps; the ends are then off by less than a millionth.
_STEPS = 3600


def root_mean_difference(baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of two root means (RMSE, RMSPE) of columns of squares: d√m = dm / (2√m)."""
    difference = sqrt(candidate.mean()) - sqrt(baseline.mean()) if len(candidate) else 0.0
    influence = _root_influence(candidate) - _root_influence(baseline)
    return influence_interval(difference, influence, "delta method, paired", level)


def _root_influence(squares: Floats) -> Floats:
    mean = squares.mean() if len(squares) else 0.0
    # Without any error there is nothing to vary: every square is 0.
    return (squares - mean) / (2 * sqrt(mean)) if mean else np.zeros_like(squares)


def r_squared_difference(truth: Floats, baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of two R²: a ratio of means, (squared errors of both) / (squared distance from the mean)."""
    if reason := lacks_spread(truth):
        raise Undefined(reason)
    gained = (baseline - truth) ** 2 - (candidate - truth) ** 2
    spread = (truth - truth.mean()) ** 2
    difference = float(gained.mean() / spread.mean())
    influence = (gained - difference * spread) / spread.mean()
    return influence_interval(difference, influence, "delta method, paired", level)


def distance_from_zero_difference(baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of the distances from zero of two means: |mean of candidate| - |mean of baseline|.

    The ends are its smallest and largest value over all pairs of means that a normal log-likelihood puts
    within z²/2 of the best (a profile likelihood interval). Far from zero that is the delta method; near zero,
    where a distance has no derivative, it stays honest.
    """
    rows = len(candidate)
    if rows < 2:
        raise Undefined("fewer than 2 rows; the profile likelihood needs at least 2")
    means = np.array([candidate.mean(), baseline.mean()])
    spread, axes = np.linalg.eigh(np.cov(candidate, baseline) / rows)
    turn = np.linspace(0, 2 * pi, _STEPS)
    reach = normal_quantile(level) * np.sqrt(np.maximum(spread, 0))[:, None]
    around = means[:, None] + axes @ (reach * np.stack([np.cos(turn), np.sin(turn)]))
    distances = np.abs(around[0]) - np.abs(around[1])
    difference = float(abs(means[0]) - abs(means[1]))
    low, high = min(difference, float(distances.min())), max(difference, float(distances.max()))
    return Interval(difference, low, high, "profile likelihood, paired")


def average_precision_difference(truth: Truth, baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of two average precisions, by their influence functions."""
    if reason := lacks_a_class(truth):
        raise Undefined(reason)
    before, before_moves = _average_precision(truth, baseline)
    after, after_moves = _average_precision(truth, candidate)
    return influence_interval(after - before, after_moves - before_moves, "influence function, paired", level)


def _average_precision(truth: Truth, score: Floats) -> tuple[float, Floats]:
    """The value and every row's influence on it.

    With A(s) the share of rows that are positive and score at least s, and B(s) the share that score at least
    s, AP is the mean of A/B over positive rows. A row moves it as one of those averaged over, and by being
    counted in A and B at every positive that scores no higher.
    """
    precision = precision_at(truth, score)
    value = float(precision[truth].mean())
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    ends = np.r_[starts[1:], len(score)]
    tie = np.empty(len(score), dtype=np.intp)  # by row: which run of equal scores it belongs to
    tie[order] = np.repeat(np.arange(len(starts)), ends - starts)
    at_least = (1 - starts / len(score))[tie]
    counted_in_a = np.cumsum((truth / at_least)[order])[ends - 1][tie] / len(score)
    counted_in_b = np.cumsum((truth * precision / at_least)[order])[ends - 1][tie] / len(score)
    moves = truth * precision + truth * counted_in_a - counted_in_b - truth * value
    return value, moves / truth.mean()


def calibration_difference(truth: Truth, baseline: Floats, candidate: Floats, level: float = 0.95) -> Interval:
    """Difference of two expected calibration errors, over the same ten bins as the value.

    In each bin the side on which the scores err is taken as given, so the error is a mean over rows. Where a
    bin is all but calibrated that is optimistic: the interval is then somewhat narrow.
    """
    before, after = _signed_gaps(truth, baseline), _signed_gaps(truth, candidate)
    difference = float((after - before).mean()) if len(truth) else 0.0
    return influence_interval(difference, after - before - difference, "binned delta method, paired", level)


def _signed_gaps(truth: Truth, score: Floats) -> Floats:
    return np.sign(calibration_gaps(truth, score))[calibration_bins(score)] * (score - truth)
