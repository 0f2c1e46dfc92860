"""The difference of two means' distances from zero: what a metric that is best at zero is compared by."""

from __future__ import annotations

from math import pi

import numpy as np

from evidence.comparing.moved import IntervalOf
from evidence.groups import Groups
from evidence.intervals import Interval, need_two_rows
from evidence.metrics.by_group import group_sums, variance_of
from evidence.metrics.means import Floats
from evidence.metrics.moved import Moved
from evidence.quantiles import normal_quantile

METHOD = "profile likelihood, paired"
# The boundary of an ellipse is walked in this many steps; the ends are then off by less than a millionth.
_STEPS = 3600


def distance_from_zero_difference(
    means: tuple[float, float], variances: tuple[float, float, float], rows: int, level: float = 0.95
) -> Interval:
    """|mean of candidate| - |mean of baseline|; `means` are of baseline and candidate, from so many `rows`.

    `variances` are the squared standard errors of baseline, candidate, and their difference. The ends are the smallest
    and largest value over all pairs of means that a normal log-likelihood puts within z²/2 of the best (a profile
    likelihood interval). Far from zero that is the delta method; near zero, where a distance has no derivative, it
    stays honest.
    """
    need_two_rows(rows, METHOD)
    before, after, both = variances
    shared = (before + after - both) / 2
    spread, axes = np.linalg.eigh(np.array([[before, shared], [shared, after]]))
    turn = np.linspace(0, 2 * pi, _STEPS)
    reach = normal_quantile(level) * np.sqrt(np.maximum(spread, 0))[:, None]
    around = np.array(means)[:, None] + axes @ (reach * np.stack([np.cos(turn), np.sin(turn)]))
    distances = np.abs(around[1]) - np.abs(around[0])
    difference = abs(means[1]) - abs(means[0])
    low, high = min(difference, float(distances.min())), max(difference, float(distances.max()))
    return Interval(difference, low, high, METHOD)


def distances_from_zero(before: Moved, after: Moved, groups: Groups, weight: Floats | None) -> IntervalOf:
    """The interval of each group of two means, by its place."""
    n, total = group_sums(groups).astype(int).tolist(), group_sums(groups, weight)
    moves = (before.moves, after.moves, after.moves - before.moves)
    spreads = np.stack([variance_of(groups, each, total) for each in moves], axis=1).tolist()
    means = np.stack([before.value, after.value], axis=1).tolist()
    return lambda place: lambda level: distance_from_zero_difference(means[place], spreads[place], n[place], level)
