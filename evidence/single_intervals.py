"""Closed-form intervals for one version's own figures, without a baseline."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from evidence.metrics.means import Floats
from evidence.quantiles import normal_quantile, student_quantile

WILSON = "Wilson score"
STUDENT = "Student t"
DELTA = "delta method"
INFLUENCE = "influence function"

Ends = tuple[float, float]


def share_interval(share: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share among `n` >= 1 rows; always within 0 to 1.

    Wilson (1927), J. American Statistical Association 22:209-212. It keeps its level where shares are near 0 or 1
    and rows are few, which the textbook interval doesn't: Brown, Cai & DasGupta (2001), Statistical Science 16.
    """
    z = normal_quantile(level)
    shrunk = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrunk
    half_width = z / shrunk * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def mean_interval(values: Floats, level: float = 0.95) -> tuple[float, float]:
    """The mean of `values[n]`, n >= 2, ± Student's t with n - 1 degrees of freedom times its standard error.

    Raises ValueError for fewer values.
    """
    n = len(values)
    if n < 2:
        raise ValueError(f"{n} values have no interval; at least 2 do")
    half_width = student_quantile(level, n - 1) * float(np.std(values, ddof=1)) / sqrt(n)
    mean = float(np.mean(values))
    return mean - half_width, mean + half_width


def share_ends(value: float, error: float, level: float = 0.95) -> Ends:
    """`value` ± the normal quantile × its standard error, cut at 0 and 1: of a share, an AUC, an F1."""
    half_width = normal_quantile(level) * error
    return max(0.0, value - half_width), min(1.0, value + half_width)


def few_ends(value: float, error: float, rows: int, level: float = 0.95) -> Ends:
    """`mean_ends`, cut at 0 and 1: of a share that rests on so few rows that their spread is little known."""
    low, high = mean_ends(value, error, rows, level)
    return max(0.0, low), min(1.0, high)


def mean_ends(value: float, error: float, n: int, level: float = 0.95) -> Ends:
    """`value` ± Student's t with n - 1 (>= 1) degrees of freedom × its standard error."""
    half_width = student_quantile(level, n - 1) * error
    return value - half_width, value + half_width


def further_rows(n: int, *, half_width: float, distance: float) -> int | None:
    """How many rows besides `n` would shrink the half-width to `distance`, as it shrinks with 1/√n.

    None when the value sits on the limit, or so near that "collect more rows" is no advice.
    """
    if distance <= 0 or (wanted := n * (half_width / distance) ** 2) > 1e9:
        return None
    return max(1, ceil(wanted) - n)
