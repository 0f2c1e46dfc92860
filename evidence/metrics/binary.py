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

CALIBRATION_BINS = 10


def measure(truth: Truth, score: Floats, threshold: float) -> list[Value]:
    """Every metric of a yes/no model, of `score[n]` against `truth[n]`, in the order of `METRICS`.

    A metric that the rows don't define has value None and a reason. Raises ValueError when the shapes differ
    or a score is not a finite number.
    """
    truth, score = checked_rows(truth, score)
    decided = score >= threshold
    return [
        _auc(truth, score),
        _average_precision(truth, score),
        _accuracy(truth, decided),
        _precision(truth, decided),
        measure_recall(truth, decided),
        _f1(truth, decided),
        _mean("log_loss", row_log_loss(truth, score)),
        _mean("brier", row_brier(truth, score)),
        _calibration_error(truth, score),
    ]


def measure_recall(truth: Truth, decided: Truth) -> Value:
    """The share of positive rows that are decided "yes"."""
    positives = int(truth.sum())
    if not positives:
        return Value("recall", None, 0, f"no positive among {len(truth)} rows")
    return Value("recall", float(decided[truth].mean()), positives)


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


def row_brier(truth: Truth, score: Floats) -> Floats:
    """The squared distance of the score from what was true (1 or 0), row by row."""
    return (score - truth) ** 2


def calibration_bins(score: Floats) -> npt.NDArray[np.intp]:
    """Which of the `CALIBRATION_BINS` equally wide bins each score falls into: [0, 0.1), … [0.9, 1]."""
    return np.minimum((score * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)


def calibration_gaps(truth: Truth, score: Floats) -> Floats:
    """By bin: the sum over its rows of score - truth. Shape [CALIBRATION_BINS]."""
    gaps: Floats = np.bincount(calibration_bins(score), weights=score - truth, minlength=CALIBRATION_BINS).astype(float)
    return gaps


def precision_at(truth: Truth, score: Floats) -> Floats:
    """For each row: the share of positives among the rows that score at least as high. Shape [n]."""
    order = np.argsort(-score, kind="stable")
    is_last = np.r_[np.diff(score[order]) != 0, True]
    last_of_tie = np.flatnonzero(is_last)
    place = np.cumsum(is_last) - is_last
    share = np.cumsum(truth[order])[last_of_tie] / (last_of_tie + 1)
    found = np.empty(len(score))
    found[order] = share[place]
    return found


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


def _average_precision(truth: Truth, score: Floats) -> Value:
    """The mean, over positive rows, of the precision at their score; without interpolation, as scikit-learn's."""
    n = len(truth)
    if reason := lacks_a_class(truth):
        return Value("average_precision", None, n, reason)
    return Value("average_precision", float(precision_at(truth, score)[truth].mean()), n)


def _accuracy(truth: Truth, decided: Truth) -> Value:
    return _mean("accuracy", decided == truth)


def _precision(truth: Truth, decided: Truth) -> Value:
    taken = int(decided.sum())
    if not taken:
        return Value("precision", None, 0, f"none of {len(truth)} rows is decided yes")
    return Value("precision", float(truth[decided].mean()), taken)


def _f1(truth: Truth, decided: Truth) -> Value:
    """The harmonic mean of precision and recall: 2 TP / (positive rows + rows decided "yes")."""
    either = int(truth.sum()) + int(decided.sum())
    if not either:
        return Value("f1", None, len(truth), f"no positive and none decided yes among {len(truth)} rows")
    return Value("f1", 2 * float((truth & decided).sum()) / either, len(truth))


def _calibration_error(truth: Truth, score: Floats) -> Value:
    """Expected calibration error of Naeini, Cooper & Hauskrecht (2015), AAAI 29: over ten equally wide bins of
    the score, the mean (by rows) of the distance between a bin's mean score and its share of positives."""
    if not len(truth):
        return Value("calibration_error", None, 0, "no rows")
    return Value("calibration_error", float(np.abs(calibration_gaps(truth, score)).sum() / len(truth)), len(truth))


def _mean(metric: str, rows: npt.NDArray[np.float64] | Truth) -> Value:
    return Value(metric, float(rows.mean()), len(rows)) if len(rows) else Value(metric, None, 0, "no rows")
