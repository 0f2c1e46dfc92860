"""Curves of a yes/no model: ROC, precision by recall, calibration, confusion and the spread of its scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from evidence.curves import MOST_POINTS, compact, spread_evenly
from evidence.groups import Groups
from evidence.metrics.binary import Floats, Truth
from evidence.metrics.by_group import group_means
from evidence.metrics.calibration import CALIBRATION_BINS, calibration_bins
from evidence.metrics.scored import Scored, scored
from evidence.metrics.sorting import levels_of, sorted_within
from evidence.single_intervals import share_ends, share_interval

SCORE_BINS = 50


def curves(model: Scored) -> dict[str, Any]:
    """Everything that is kept: {"roc", "precision_recall", "calibration", "confusion", "scores"}, plain JSON.

    Curves have at most `MOST_POINTS` points, of the exact curve, and numbers 6 significant digits.
    """
    passed = _from_the_top(model)
    roc, precision_recall = _roc(*passed), _precision_recall(*passed)
    return {
        "roc": {name: compact(numbers) for name, numbers in roc.items()},
        "precision_recall": {name: compact(numbers) for name, numbers in precision_recall.items()},
        "calibration": calibration(model),
        "confusion": confusion(model),
        "scores": score_distribution(model.truth, model.score),
    }


def roc_curve(
    truth: Truth, score: Floats, points: int = MOST_POINTS, *, weight: Floats | None = None
) -> dict[str, Floats]:
    """The exact ROC curve as {"fpr": …, "tpr": …}, thinned to at most `points` (>= 2) of its own corners.

    It runs from (0, 0) to (1, 1); the corners kept are spread evenly along its length. Both are empty when only one
    class is present: there is no curve then.
    """
    return _roc(*_from_the_top(scored(truth, score, 0.5, weight)), points)


def precision_recall_curve(truth: Truth, score: Floats, *, weight: Floats | None = None) -> dict[str, Floats]:
    """Precision and recall at scores from the highest to the lowest, as {"recall": …, "precision": …}.

    Thinned evenly along recall; both are empty when only one class is present.
    """
    return _precision_recall(*_from_the_top(scored(truth, score, 0.5, weight)))


def _roc(hits: Floats, alarms: Floats, points: int = MOST_POINTS) -> dict[str, Floats]:
    if not len(hits) or hits[-1] == 0 or alarms[-1] == 0:
        return {"fpr": np.array([]), "tpr": np.array([])}
    tpr, fpr = hits / hits[-1], alarms / alarms[-1]
    kept = spread_evenly(fpr + tpr, points)
    return {"fpr": fpr[kept], "tpr": tpr[kept]}


def _precision_recall(hits: Floats, alarms: Floats) -> dict[str, Floats]:
    if not len(hits) or hits[-1] == 0 or alarms[-1] == 0:
        return {"recall": np.array([]), "precision": np.array([])}
    kept = 1 + spread_evenly(hits[1:])
    return {"recall": hits[kept] / hits[-1], "precision": hits[kept] / (hits[kept] + alarms[kept])}


def _from_the_top(model: Scored) -> tuple[Floats, Floats]:
    """Weight of positive and of other rows that score at least as high: from none to all of them, by distinct score."""
    positive, negative = [np.zeros(1)], [np.zeros(1)]
    for levels in levels_of(sorted_within(Groups.whole(len(model)), model.order), model.score):
        is_positive = model.truth[levels.rows]
        weight = np.ones(len(levels.rows)) if model.weight is None else model.weight[levels.rows]
        positive.insert(1, levels.sums(weight * is_positive)[::-1])
        negative.insert(1, levels.sums(weight * ~is_positive)[::-1])
    return np.cumsum(np.concatenate(positive)), np.cumsum(np.concatenate(negative))


def calibration(model: Scored) -> dict[str, list[Any]]:
    """By bin of the score that has rows: mean score, observed share of positives with its 95% interval, rows.

    {"score", "observed", "low", "high", "n"}: Wilson's interval, the delta method's when rows are weighted.
    """
    bins = Groups(tuple(map(str, range(CALIBRATION_BINS))), calibration_bins(model.score).astype(np.uint16))
    score = group_means(bins, model.score, model.weight).value
    observed = group_means(bins, model.truth.astype(np.float64), model.weight)
    there = np.flatnonzero(observed.n)
    ends = [
        share_interval(observed.value[place], int(observed.n[place]))
        if model.weight is None
        else share_ends(observed.value[place], float(np.sqrt(observed.variance[place])))
        for place in there
    ]
    return {
        "score": compact(score[there]),
        "observed": compact(observed.value[there]),
        "low": compact(np.array([low for low, _ in ends])),
        "high": compact(np.array([high for _, high in ends])),
        "n": observed.n[there].astype(int).tolist(),
    }


def confusion(model: Scored) -> dict[str, int]:
    """Rows by what is true and what is decided at the model's threshold."""
    positives, decided = int(model.truth.sum()), int(model.decided.sum())
    hits = int((model.truth & model.decided).sum())
    return {
        "true_positive": hits,
        "false_positive": decided - hits,
        "false_negative": positives - hits,
        "true_negative": len(model) - positives - decided + hits,
    }


def score_distribution(truth: Truth, score: Floats) -> dict[str, list[int]]:
    """Rows in each of `SCORE_BINS` equally wide bins of the score from 0 to 1: {"positive", "negative"}."""
    bins = np.clip((score * SCORE_BINS).astype(np.intp), 0, SCORE_BINS - 1)
    table = np.bincount(bins * 2 + truth, minlength=2 * SCORE_BINS).reshape(-1, 2)
    return {"positive": table[:, 1].tolist(), "negative": table[:, 0].tolist()}
