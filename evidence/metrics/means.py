"""Weighted means, ratios of them, and how far each row moves such an estimate.

The influence of row i on an estimate is its derivative by the row's share, times 1: to first order the estimate
is off by the mean of the influences, so that its standard error is theirs, std / √n (A. W. van der Vaart (1998),
Asymptotic Statistics, chapter 20). Influences have mean 0; row weights are already inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float64] | npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Estimate:
    """A value made from n rows, and `influence[n]`: how far each row moves it."""

    value: float
    influence: Floats


def weighted_mean(rows: Numbers, weight: Floats | None = None) -> float:
    """Σwx / Σw; without weights the plain mean. There must be a row."""
    return float(rows.mean()) if weight is None else float(np.dot(weight, rows) / weight.sum())


def mean_estimate(rows: Numbers, weight: Floats | None = None) -> Estimate:
    """`weighted_mean`, with influence n·w·(x - mean) / Σw."""
    mean = weighted_mean(rows, weight)
    off = np.asarray(rows - mean, dtype=np.float64)
    return Estimate(mean, off if weight is None else off * (weight / weight.mean()))


def ratio_estimate(above: Numbers, below: Numbers, weight: Floats | None = None) -> Estimate:
    """Σwa / Σwb, with influence n·w·(a - ratio·b) / Σwb. The sum below must not be 0."""
    base = weighted_mean(below, weight)
    ratio = weighted_mean(above, weight) / base
    off = np.asarray((above - ratio * below) / base, dtype=np.float64)
    return Estimate(ratio, off if weight is None else off * (weight / weight.mean()))
