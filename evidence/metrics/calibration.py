"""How far a yes/no model's scores are from the shares of positives they foretell, over ten equally wide bins.

Expected calibration error of Naeini, Cooper & Hauskrecht (2015), AAAI 29: the mean over the bins, by their weight, of
the distance between a bin's mean score and its share of positives.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erf, pi, sqrt

import numpy as np
import numpy.typing as npt

from evidence.groups import Groups
from evidence.metrics.by_group import group_sums, share_of, stretches
from evidence.metrics.means import Floats
from evidence.metrics.scored import Scored

CALIBRATION_BINS = 10


def calibration_bins(score: Floats) -> npt.NDArray[np.intp]:
    """Which of the `CALIBRATION_BINS` each score falls into: [0, 0.1), … [0.9, 1]."""
    return np.clip((score * CALIBRATION_BINS).astype(np.intp), 0, CALIBRATION_BINS - 1)


def calibration_cells(model: Scored, groups: Groups, rows: slice) -> npt.NDArray[np.intp]:
    """By row: group × CALIBRATION_BINS + bin."""
    return groups.places[rows] * np.intp(CALIBRATION_BINS) + calibration_bins(model.score[rows])


def calibration_errors(model: Scored, groups: Groups) -> Floats:
    """By group; 0 in one without rows."""
    errors: Floats = np.abs(calibration_gaps(model, groups)).sum(axis=1)
    return errors


def calibration_gaps(model: Scored, groups: Groups) -> Floats:
    """By group and bin: what its rows' score - truth add to the group's mean. Shape [groups, CALIBRATION_BINS]."""
    sums = _bin_sums(model, groups, lambda off, weight: off * weight)
    return share_of(sums, group_sums(groups, model.weight)[:, None])


def binning_bias(model: Scored, groups: Groups) -> Floats:
    """By group: by how much chance alone makes the calibration error look larger than it is, about.

    A distance is never below 0, so the noise of a calibrated bin doesn't cancel but adds up. The mean of the distance
    from 0 of a normal variable (F. C. Leone, L. S. Nelson & R. B. Nottingham (1961), Technometrics 3:543-550) less
    that distance, which itself is taken without its noise (as A. Kumar, P. Liang & T. Ma (2019), NeurIPS 32, do).
    """
    gaps = calibration_gaps(model, groups)
    squares = _bin_sums(model, groups, lambda off, weight: (off * weight) ** 2)
    variance = share_of(squares, group_sums(groups, model.weight)[:, None] ** 2)
    variance = np.maximum(variance - share_of(gaps**2, group_sums(groups)[:, None]), 0.0)
    distance = np.sqrt(np.maximum(gaps**2 - variance, 0.0))
    bias: Floats = (_mean_distance(distance, np.sqrt(variance)) - distance).sum(axis=1)
    return bias


def _mean_distance(mean: Floats, deviation: Floats) -> Floats:
    """The expected distance from 0 of normal variables."""
    ratio = share_of(mean, deviation)
    inside = np.array([erf(value / sqrt(2)) for value in ratio.ravel()]).reshape(ratio.shape)
    found = deviation * sqrt(2 / pi) * np.exp(-(ratio**2) / 2) + mean * inside
    return np.where(deviation > 0, found, mean)


def _bin_sums(model: Scored, groups: Groups, of: Callable[[Floats, Floats | float], Floats]) -> Floats:
    """By group and bin: the sum of what is made of each row's score - truth and weight."""
    sums = np.zeros(len(groups.names) * CALIBRATION_BINS)
    for rows in stretches(len(model)):
        off = model.score[rows] - model.truth[rows]
        made = of(off, 1.0 if model.weight is None else model.weight[rows])
        sums += np.bincount(calibration_cells(model, groups, rows), weights=made, minlength=len(sums))
    return sums.reshape(-1, CALIBRATION_BINS)
