"""Metrics of a yes/no model.

A score is the probability of "yes"; a row is decided "yes" when its score is at or above the threshold.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evidence.metrics import Value

Truth = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# A probability of exactly 0 or 1 that proves wrong would cost infinitely much. This is scikit-learn's bound.
PROBABILITY_FLOOR = float(np.finfo(np.float64).eps)


def measure(truth: Truth, score: Floats, threshold: float) -> list[Value]:
    """AUC, accuracy, log loss and recall of `score[n]` against `truth[n]`, in this order.

    A metric that the rows don't define has value None and a reason. Raises ValueError when the shapes differ
    or a score is not a finite number.
    """
    truth, score = checked_rows(truth, score)
    decided = score >= threshold
    return [_auc(truth, score), _accuracy(truth, decided), _log_loss(truth, score), _recall(truth, decided)]


def checked_rows(truth: Truth, score: Floats) -> tuple[Truth, Floats]:
    """`truth` as bool[n] and `score` as float64[n]. Raises ValueError unless they fit and are finite."""
    truth, score = np.asarray(truth, dtype=np.bool_), np.asarray(score, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != score.shape:
        raise ValueError(f"truth and score differ in shape: {truth.shape} and {score.shape}")
    if not np.isfinite(score).all():
        raise ValueError(f"row {int(np.argmin(np.isfinite(score)))} has a score that is not a finite number")
    return truth, score


def midranks(values: Floats) -> Floats:
    """Ranks from 1 to n; equal values share the mean of their ranks. One sort, O(n log n)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(values) else np.array([], int)
    ends = np.r_[starts[1:], len(values)]
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks


def row_log_loss(truth: Truth, score: Floats) -> Floats:
    """-ln of the probability given to what was true, row by row; scores clipped by `PROBABILITY_FLOOR`."""
    clipped = np.clip(score, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    # 1 - clipped, not log1p(-clipped): the plain form is what scikit-learn computes, bit for bit.
    return -np.log(np.where(truth, clipped, 1 - clipped))


def lacks_a_class(truth: Truth) -> str:
    """Why these rows can't rank positives above negatives, or "" when both classes are there."""
    if 0 < truth.sum() < len(truth):
        return ""
    return f"only one class among {len(truth)} rows" if len(truth) else "no rows"


def roc_curve(truth: Truth, score: Floats, points: int = 101) -> dict[str, list[float]]:
    """The exact ROC curve as {"fpr": […], "tpr": […]}, thinned to at most `points` (>= 2) of its own corners.

    It runs from (0, 0) to (1, 1); the corners kept are spread evenly along its length. Both lists are empty
    when only one class is present: there is no curve then.
    """
    if points < 2:
        raise ValueError(f"a curve needs at least 2 points, not {points}")
    truth, score = checked_rows(truth, score)
    if lacks_a_class(truth):
        return {"fpr": [], "tpr": []}
    fpr, tpr = _roc_corners(truth, score)
    kept = _spread_evenly(fpr + tpr, points)
    return {"fpr": fpr[kept].tolist(), "tpr": tpr[kept].tolist()}


def _roc_corners(truth: Truth, score: Floats) -> tuple[Floats, Floats]:
    """False and true positive rate at every distinct score, from the strictest threshold to the laxest."""
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.r_[np.diff(score[order]) != 0, True]
    hits = np.cumsum(truth[order])[last_of_tie]
    taken = np.flatnonzero(last_of_tie) + 1
    fpr, tpr = (taken - hits) / (~truth).sum(), hits / truth.sum()
    return np.r_[0.0, fpr], np.r_[0.0, tpr]


def _spread_evenly(length: Floats, points: int) -> npt.NDArray[np.intp]:
    """Indexes of at most `points` entries of the rising `length`, first and last among them."""
    if len(length) <= points:
        return np.arange(len(length))
    wanted = np.linspace(length[0], length[-1], points)
    return np.unique(np.searchsorted(length, wanted))


def _auc(truth: Truth, score: Floats) -> Value:
    """Mann–Whitney: the share of (positive, negative) pairs ranked rightly, a tie counting one half."""
    n = len(truth)
    if reason := lacks_a_class(truth):
        return Value("auc", None, n, reason)
    positives = int(truth.sum())
    rank_sum = float(midranks(score)[truth].sum())
    pairs_won = rank_sum - positives * (positives + 1) / 2
    return Value("auc", pairs_won / (positives * (n - positives)), n)


def _accuracy(truth: Truth, decided: Truth) -> Value:
    if not len(truth):
        return Value("accuracy", None, 0, "no rows")
    return Value("accuracy", float((decided == truth).mean()), len(truth))


def _log_loss(truth: Truth, score: Floats) -> Value:
    if not len(truth):
        return Value("log_loss", None, 0, "no rows")
    return Value("log_loss", float(row_log_loss(truth, score).mean()), len(truth))


def _recall(truth: Truth, decided: Truth) -> Value:
    positives = int(truth.sum())
    if not positives:
        return Value("recall", None, 0, f"no positive among {len(truth)} rows")
    return Value("recall", float(decided[truth].mean()), positives)
