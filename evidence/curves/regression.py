"""Curves of a model that predicts a number: how far off it is, in which direction, and where."""

from __future__ import annotations

from typing import Any

import numpy as np

from evidence.curves import compact
from evidence.groups import Groups
from evidence.metrics.by_group import GroupedEstimate, group_means
from evidence.metrics.means import Floats
from evidence.score_shift import decile_edges
from evidence.single_intervals import mean_ends

HISTOGRAM_BINS = 60
# Rows beyond these quantiles are counted in the outermost bins: one far outlier would leave a single bar.
_TAIL = 0.005


def curves(truth: Floats, prediction: Floats, weight: Floats | None = None) -> dict[str, Any]:
    """Everything that is kept: {"errors", "residuals", "residuals_by_prediction"}, plain JSON.

    A residual is an error as metrics have it, prediction - truth. Histograms count rows, means are weighted.
    """
    return {
        "errors": {name: compact(np.array(numbers)) for name, numbers in error_sizes(truth, prediction).items()},
        "residuals": residual_histogram(prediction - truth),
        "residuals_by_prediction": residuals_by_prediction(truth, prediction, weight),
    }


def error_sizes(truth: Floats, prediction: Floats, points: int = 51) -> dict[str, list[float]]:
    """How far off predictions are: {"share": […], "within": […]}, so many rows are off by at most so much.

    Shares are spread evenly from 0 to 1; at 1 stands the largest error. Both lists are empty without rows.
    """
    if not len(truth):
        return {"share": [], "within": []}
    shares = np.linspace(0, 1, points)
    within = np.quantile(np.abs(prediction - truth), shares, method="inverted_cdf")
    return {"share": shares.tolist(), "within": within.tolist()}


def residual_histogram(residuals: Floats) -> dict[str, list[Any]]:
    """{"edges": […61], "n": […60]}: rows in equally wide bins between the outer quantiles; the rows beyond them are
    counted in the outermost bins. Empty lists without rows, one bin when all residuals are equal."""
    if not len(residuals):
        return {"edges": [], "n": []}
    low, high = np.quantile(residuals, [_TAIL, 1 - _TAIL])
    if low == high:
        low, high = residuals.min(), residuals.max()
    if low == high:
        return {"edges": compact(np.array([low, high])), "n": [len(residuals)]}
    edges = np.linspace(low, high, HISTOGRAM_BINS + 1)
    counts, _ = np.histogram(np.clip(residuals, low, high), edges)
    return {"edges": compact(edges), "n": counts.tolist()}


def residuals_by_prediction(truth: Floats, prediction: Floats, weight: Floats | None = None) -> dict[str, list[Any]]:
    """By tenth of the rows, from the lowest predictions up: mean prediction, mean residual with its 95% interval, rows.

    {"prediction", "residual", "low", "high", "n"}; equal predictions stand in one tenth, so there may be fewer. The
    interval is Student's t; a tenth of one row has none: null.
    """
    if not len(prediction):
        return {"prediction": [], "residual": [], "low": [], "high": [], "n": []}
    edges = decile_edges(prediction)
    tenths = Groups(tuple("0123456789"[: len(edges) + 1]), np.searchsorted(edges, prediction).astype(np.uint16))
    there = np.flatnonzero(np.bincount(tenths.places, minlength=len(tenths.names)))
    middle = group_means(tenths, prediction, weight).value
    residual = group_means(tenths, prediction - truth, weight)
    ends = [_ends(residual, place) for place in there]
    return {
        "prediction": compact(middle[there]),
        "residual": compact(residual.value[there]),
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
        "n": residual.n[there].astype(int).tolist(),
    }


def _ends(residual: GroupedEstimate, place: np.intp) -> list[float] | tuple[None, None]:
    n = int(residual.n[place])
    if n < 2:
        return None, None
    return compact(np.array(mean_ends(float(residual.value[place]), float(np.sqrt(residual.variance[place])), n)))
