"""Two models that predict a number, on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.comparison import Comparison, judge_measures
from evidence.delta_method import distance_from_zero_difference, r_squared_difference, root_mean_difference
from evidence.intervals import Interval, mean_difference
from evidence.metrics import REGRESSION
from evidence.metrics.binary import Floats
from evidence.metrics.regression import checked_rows, measure
from evidence.segments import judge_groups, mean_groups


def compare(
    truth: Floats,
    baseline: Floats,
    candidate: Floats,
    *,
    segments: Mapping[str, npt.NDArray[Any]],
    level: float = 0.95,
) -> Comparison:
    """Compare two models' predictions of the same rows, in the unit of the target.

    Segments (column name → text per row) are compared by mean absolute error; their intervals are
    Bonferroni-widened so that all of them hold together at `level`. Raises ValueError when lengths differ or
    something isn't finite.
    """
    truth, baseline = checked_rows(truth, baseline)
    truth, candidate = checked_rows(truth, candidate)
    was_off, is_off = np.abs(baseline - truth), np.abs(candidate - truth)
    return Comparison(
        task=REGRESSION,
        n=len(truth),
        level=level,
        measures=judge_measures(
            measure(truth, baseline), measure(truth, candidate), _intervals(truth, baseline, candidate, level), level
        ),
        segments=judge_groups(mean_groups("mae", segments, was_off, is_off), level),
        decisions={
            "closer": int((is_off < was_off).sum()),
            "farther": int((is_off > was_off).sum()),
            "equal": int((is_off == was_off).sum()),
        },
        changed=int((baseline != candidate).sum()),
    )


def _intervals(truth: Floats, baseline: Floats, candidate: Floats, level: float) -> dict[str, Callable[[], Interval]]:
    """Shares of the target are asked for only where every target has them."""
    was, now = baseline - truth, candidate - truth
    return {
        "rmspe": lambda: root_mean_difference((was / truth) ** 2, (now / truth) ** 2, level),
        "mape": lambda: mean_difference(np.abs(was / truth), np.abs(now / truth), level),
        "rmse": lambda: root_mean_difference(was**2, now**2, level),
        "mae": lambda: mean_difference(np.abs(was), np.abs(now), level),
        "r2": lambda: r_squared_difference(truth, baseline, candidate, level),
        "mean_signed_error": lambda: distance_from_zero_difference(was, now, level),
    }
