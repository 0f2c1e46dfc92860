"""Metrics of a model that predicts a number, in the unit of the target.

An error is prediction - truth: above zero where the model says too much.
"""

from __future__ import annotations

import numpy as np

from evidence.metrics import Value
from evidence.metrics.binary import Floats


def measure(truth: Floats, prediction: Floats) -> list[Value]:
    """RMSPE, MAPE, RMSE, MAE, R² and mean signed error of `prediction[n]` against `truth[n]`, in this order.

    RMSPE and MAPE are shares of the true value, so a row whose target is 0 leaves them without a value; R² has
    none when all targets are equal. Raises ValueError when the shapes differ or something isn't finite.
    """
    truth, prediction = checked_rows(truth, prediction)
    error = prediction - truth
    return [
        _of_shares("rmspe", truth, error),
        _of_shares("mape", truth, error),
        _mean("rmse", error**2, root=True),
        _mean("mae", np.abs(error)),
        _r_squared(truth, error),
        _mean("mean_signed_error", error),
    ]


def checked_rows(truth: Floats, prediction: Floats) -> tuple[Floats, Floats]:
    """Both as float64[n]. Raises ValueError unless they fit and are finite."""
    truth, prediction = np.asarray(truth, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != prediction.shape:
        raise ValueError(f"truth and prediction differ in shape: {truth.shape} and {prediction.shape}")
    if not (np.isfinite(truth).all() and np.isfinite(prediction).all()):
        raise ValueError("a target or a prediction is not a finite number")
    return truth, prediction


def lacks_shares(truth: Floats) -> str:
    """Why errors can't be taken as shares of these targets, or "" when they can."""
    zeros = int((truth == 0).sum())
    if zeros:
        return f"the target is 0 in {zeros:,} of {len(truth):,} rows"
    return "" if len(truth) else "no rows"


def lacks_spread(truth: Floats) -> str:
    """Why there is no variance of these targets to explain, or "" when there is."""
    if not len(truth):
        return "no rows"
    return "" if np.ptp(truth) > 0 else f"all {len(truth):,} targets are equal"


def measure_mae(truth: Floats, prediction: Floats) -> Value:
    """The mean distance between prediction and truth."""
    return _mean("mae", np.abs(prediction - truth))


def error_sizes(truth: Floats, prediction: Floats, points: int = 51) -> dict[str, list[float]]:
    """How far off predictions are: {"share": […], "within": […]}, so many rows are off by at most so much.

    Shares are spread evenly from 0 to 1; at 1 stands the largest error. Both lists are empty without rows.
    """
    if not len(truth):
        return {"share": [], "within": []}
    shares = np.linspace(0, 1, points)
    within = np.quantile(np.abs(prediction - truth), shares, method="inverted_cdf")
    return {"share": shares.tolist(), "within": within.tolist()}


def _of_shares(metric: str, truth: Floats, error: Floats) -> Value:
    if reason := lacks_shares(truth):
        return Value(metric, None, len(truth), reason)
    shares = np.abs(error / truth)
    return _mean(metric, shares) if metric == "mape" else _mean(metric, shares**2, root=True)


def _r_squared(truth: Floats, error: Floats) -> Value:
    """1 - the sum of squared errors over the sum of squared distances of the targets from their mean."""
    if reason := lacks_spread(truth):
        return Value("r2", None, len(truth), reason)
    return Value("r2", float(1 - (error**2).sum() / ((truth - truth.mean()) ** 2).sum()), len(truth))


def _mean(metric: str, rows: Floats, *, root: bool = False) -> Value:
    if not len(rows):
        return Value(metric, None, 0, "no rows")
    mean = float(rows.mean())
    return Value(metric, mean**0.5 if root else mean, len(rows))
