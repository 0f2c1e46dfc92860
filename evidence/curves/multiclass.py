"""Curves of a model that tells several classes apart: what it mistakes for what, how surely, and how often it finds
each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.curves import compact
from evidence.groups import Groups
from evidence.metrics.by_group import group_means
from evidence.metrics.calibration import CALIBRATION_BINS, calibration_bins
from evidence.metrics.means import Floats
from evidence.metrics.multiclass import Classes, decisions
from evidence.single_intervals import share_ends, share_interval

#: Classes that a confusion matrix shows by themselves; the rarest beyond are counted together.
MOST_CLASSES = 30


def curves(truth: Classes, prediction: Floats, classes: Sequence[str], weight: Floats | None = None) -> dict[str, Any]:
    """All that is kept: {"confusion", "calibration", "recall"}, plain JSON; calibration only of probabilities."""
    decided = decisions(prediction)
    found = {
        "confusion": confusion(truth, decided, classes),
        "recall": recall_by_class(truth, decided, classes, weight),
    }
    if prediction.ndim == 2:
        found["calibration"] = calibration(truth, prediction, weight)
    return found


def confusion(truth: Classes, decided: Classes, classes: Sequence[str]) -> dict[str, Any]:
    """{"classes", "rows", "folded"}: rows[i][j] rows are of class i and put into class j.

    Beyond `MOST_CLASSES` the most frequent true classes stand in their usual order, and the `folded` other classes
    are counted together in one row and column more, without a name in `classes`.
    """
    kept = np.arange(len(classes))
    if len(classes) > MOST_CLASSES:
        frequent = np.argsort(-np.bincount(truth, minlength=len(classes)), kind="stable")
        kept = np.sort(frequent[:MOST_CLASSES])
    place = np.full(len(classes), len(kept))
    place[kept] = np.arange(len(kept))
    side = len(kept) + (len(kept) < len(classes))
    table = np.bincount(place[truth] * side + place[decided], minlength=side * side).reshape(side, side)
    return {
        "classes": [classes[at] for at in kept.tolist()],
        "rows": table.tolist(),
        "folded": len(classes) - len(kept),
    }


def calibration(truth: Classes, probabilities: Floats, weight: Floats | None = None) -> dict[str, list[Any]]:
    """Of the likeliest class, by bin of its probability: {"score", "observed", "low", "high", "n"}.

    `observed` is the share of rows that are of it, with its interval at 95%; bins without rows are left out.
    """
    confidence = probabilities.max(axis=1) if len(truth) else np.array([])
    names = tuple(f"{place}" for place in range(CALIBRATION_BINS))
    bins = Groups(names, calibration_bins(confidence).astype(np.uint16))
    right = decisions(probabilities) == truth
    score = group_means(bins, confidence, weight).value
    return _there({"score": score}, _shares(right, bins, weight))


def recall_by_class(
    truth: Classes, decided: Classes, classes: Sequence[str], weight: Floats | None = None
) -> dict[str, list[Any]]:
    """{"classes", "recall", "low", "high", "n"} of each class that occurs, the least found first.

    At most `MOST_CLASSES` of them. Intervals are Wilson's at 95%, the delta method's when rows are weighted.
    """
    shares = _shares(truth == decided, Groups(tuple(classes), truth.astype(np.uint16)), weight)
    occurs = np.flatnonzero(shares["n"])
    worst = occurs[np.argsort(shares["observed"][occurs], kind="stable")][:MOST_CLASSES]
    return {
        "classes": [classes[at] for at in worst.tolist()],
        "recall": compact(shares["observed"][worst]),
        "low": compact(shares["low"][worst]),
        "high": compact(shares["high"][worst]),
        "n": shares["n"][worst].tolist(),
    }


def _shares(right: npt.NDArray[np.bool_], groups: Groups, weight: Floats | None) -> dict[str, npt.NDArray[Any]]:
    """By group: share of the rows that are right, its ends, rows."""
    found = group_means(groups, right.astype(np.float64), weight)
    n, errors = found.n.astype(int).tolist(), np.sqrt(found.variance).tolist()
    ends = [
        _ends(value, rows, error, weighted=weight is not None)
        for value, rows, error in zip(found.value.tolist(), n, errors, strict=True)
    ]
    low, high = (np.array([each[end] for each in ends]) for end in (0, 1))
    return {"observed": found.value, "low": low, "high": high, "n": np.array(n)}


def _ends(value: float, n: int, error: float, *, weighted: bool) -> tuple[float, float]:
    if not n:
        return 0.0, 1.0
    return share_ends(value, error) if weighted else share_interval(value, n)


def _there(first: dict[str, Floats], shares: dict[str, npt.NDArray[Any]]) -> dict[str, list[Any]]:
    """Of the groups that have rows, as plain JSON."""
    there = np.flatnonzero(shares["n"])
    numbers = {name: compact(values[there]) for name, values in (first | shares).items() if name != "n"}
    return {**numbers, "n": shares["n"][there].tolist()}
