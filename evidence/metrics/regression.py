"""Metrics of a model that predicts a number, in the unit of the target.

An error is prediction - truth: above zero where the model says too much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from evidence.groups import Groups
from evidence.metrics import REGRESSION, Value, metrics_of
from evidence.metrics.by_group import each_row_s, group_sums, share_of
from evidence.metrics.means import Floats
from evidence.metrics.moved import Moved, lacking_rows, moved_mean, moved_root, own_values
from evidence.metrics.scored import checked_weight
from evidence.single_intervals import DELTA, STUDENT

#: How large a target or a prediction may be, and how near to 0 a target that isn't 0: errors are squared, taken as
#: shares of the target and squared again, which farther out ends at infinity.
MOST_NUMBER, LEAST_NUMBER = 1e30, 1e-30
#: Metrics that no model can have less than nothing of.
_NEVER_BELOW_ZERO = frozenset({"rmspe", "mape", "rmse", "mae"})
_ROOTS = frozenset({"rmspe", "rmse", "r2"})


def measure(truth: Floats, prediction: Floats, *, weight: Floats | None = None) -> list[Value]:
    """RMSPE, MAPE, RMSE, MAE, R² and mean signed error of `prediction[n]` against `truth[n]`, in this order.

    RMSPE and MAPE are shares of the true value, so a row whose target is 0 leaves them without a value; R² has
    none when all targets are equal. Raises ValueError when the shapes differ or something isn't finite.
    """
    return next(values for _, values in measure_groups(truth, prediction, Groups.whole(len(truth)), weight=weight))


def measure_groups(
    truth: Floats, prediction: Floats, groups: Groups, *, weight: Floats | None = None
) -> Iterator[tuple[str, list[Value]]]:
    """Every group's name with what `measure` says of its rows. Raises as `measure` does."""
    truth, prediction = checked_rows(truth, prediction)
    weight = checked_weight(weight, len(truth))
    found = [_own(each, groups, weight) for each in moved_metrics(truth, prediction, groups, weight).values()]
    for place, name in enumerate(groups.names):
        yield name, [values[place] for values in found]


def moved_metrics(truth: Floats, prediction: Floats, groups: Groups, weight: Floats | None) -> dict[str, Moved]:
    """Every metric in each group with how far rows move it, by key, in the order of `METRICS`. The rows are checked."""
    error = prediction - truth
    share = np.divide(error, truth, out=np.zeros_like(error), where=truth != 0)
    rows, shares = lacking_rows(groups), _lacking_shares(truth, groups)
    found = {
        "rmspe": moved_root(moved_mean("rmspe", groups, share**2, weight, shares), groups),
        "mape": moved_mean("mape", groups, np.abs(share), weight, shares),
        "rmse": moved_root(moved_mean("rmse", groups, error**2, weight, rows), groups),
        "mae": moved_mean("mae", groups, np.abs(error), weight, rows),
        "r2": _r_squared(truth, error, groups, weight),
        "mean_signed_error": moved_mean("mean_signed_error", groups, error, weight, rows),
    }
    return {metric.key: found[metric.key] for metric in metrics_of(REGRESSION)}


def checked_rows(truth: Floats, prediction: Floats) -> tuple[Floats, Floats]:
    """Both as float64[n]. Raises ValueError unless they fit and are finite."""
    truth, prediction = np.asarray(truth, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != prediction.shape:
        raise ValueError(f"truth and prediction differ in shape: {truth.shape} and {prediction.shape}")
    if not (np.isfinite(truth).all() and np.isfinite(prediction).all()):
        raise ValueError("a target or a prediction is not a finite number")
    return truth, prediction


def lacks_spread(truth: Floats) -> str:
    """Why there is no variance of these targets to explain, or "" when there is."""
    return _lacking_spread(truth, Groups.whole(len(truth)))[0]


def _lacking_shares(truth: Floats, groups: Groups) -> list[str]:
    """Why errors can't be taken as shares of the targets of each group, or "" where they can."""
    counts = zip(group_sums(groups), group_sums(groups, truth == 0), strict=True)
    return ["no rows" if not n else _zeros(int(zeros), int(n)) for n, zeros in counts]


def _zeros(zeros: int, n: int) -> str:
    return f"the target is 0 in {zeros:,} of {n:,} rows" if zeros else ""


def _lacking_spread(truth: Floats, groups: Groups) -> list[str]:
    """Why there is no variance of the targets of each group to explain, or "" where there is."""
    lowest, highest = np.full(len(groups.names), np.inf), np.full(len(groups.names), -np.inf)
    np.minimum.at(lowest, groups.places, truth)
    np.maximum.at(highest, groups.places, truth)
    counts = zip(group_sums(groups).astype(int).tolist(), lowest, highest, strict=True)
    return ["no rows" if not n else f"all {n:,} targets are equal" if low == high else "" for n, low, high in counts]


def _r_squared(truth: Floats, error: Floats, groups: Groups, weight: Floats | None) -> Moved:
    """1 - the sum of squared errors over the sum of squared distances of the targets from their mean."""
    lacks = _lacking_spread(truth, groups)
    off = moved_mean("r2", groups, truth, weight, lacks)
    spread = (truth - each_row_s(groups, off.value)) ** 2
    unexplained = moved_mean("r2", groups, error**2, weight, lacks)
    varied = moved_mean("r2", groups, spread, weight, lacks)
    ratio = share_of(unexplained.value, varied.value)
    moves = unexplained.moves - each_row_s(groups, ratio) * varied.moves
    return Moved("r2", 1 - ratio, -moves * each_row_s(groups, share_of(np.ones_like(ratio), varied.value)), lacks)


def _own(moved: Moved, groups: Groups, weight: Floats | None) -> list[Value]:
    is_mean = weight is None and moved.metric not in _ROOTS
    values = own_values(moved, groups, weight, STUDENT if is_mean else DELTA)
    if moved.metric not in _NEVER_BELOW_ZERO:
        return values
    return [value if value.low is None else replace(value, low=max(0.0, value.low)) for value in values]
