"""One yes/no model's scores of labelled rows, and what everything measured on them shares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evidence.groups import Groups
from evidence.metrics.means import Estimate, Floats
from evidence.metrics.ranking import Classes, Rankings, rank
from evidence.metrics.sorting import Places, Truth, rows_by_score

# A probability of exactly 0 or 1 that proves wrong would cost infinitely much. This is scikit-learn's bound.
PROBABILITY_FLOOR = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Scored:
    """`truth[n]`, `score[n]` (the probability of yes), `weight[n]` (None: all rows count alike).

    A row is decided yes when its score is at or above the threshold. Make it by `scored`, which checks.
    """

    truth: Truth
    score: Floats
    threshold: float
    weight: Floats | None = None

    def __len__(self) -> int:
        """Rows."""
        return len(self.truth)

    @cached_property
    def decided(self) -> Truth:
        """Which rows are decided yes."""
        return self.score >= self.threshold

    @cached_property
    def order(self) -> Places:
        """Row numbers from the lowest score up: the one sort that all rankings share."""
        return rows_by_score(self.score)

    @cached_property
    def log_loss(self) -> Floats:
        """See `row_log_loss`."""
        return row_log_loss(self.truth, self.score)

    def ranked(self, groups: Groups) -> Rankings:
        """What the order of the scores says within each group."""
        return rank(self.truth, self.score, self.order, groups, self.weight)


def scored(truth: Truth, score: Floats, threshold: float, weight: Floats | None = None) -> Scored:
    """Raises ValueError when shapes differ, a score is not a finite number, or a weight is not above 0."""
    truth, score = checked_rows(truth, score)
    return Scored(truth, score, threshold, checked_weight(weight, len(truth)))


def auc_estimate(model: Scored) -> Estimate:
    """The AUC of all rows with every row's influence on it. There must be rows of both classes."""
    found = model.ranked(Groups.whole(len(model)))
    classes = Classes(model.truth, Groups.whole(len(model)), model.weight)
    off = found.placements - classes.means(found.placements).ravel()[classes.cells]
    if model.weight is not None:
        off *= model.weight
    pairs = float(found.totals.positive[0] * found.totals.negative[0])
    return Estimate(float(found.auc[0]), off * (len(model) / pairs))


def checked_rows(truth: Truth, score: Floats) -> tuple[Truth, Floats]:
    """`truth` as bool[n] and `score` as float64[n]. Raises ValueError unless they fit and are finite."""
    truth, score = np.asarray(truth, dtype=np.bool_), np.asarray(score, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != score.shape:
        raise ValueError(f"truth and score differ in shape: {truth.shape} and {score.shape}")
    if not np.isfinite(score).all():
        raise ValueError(f"row {int(np.argmin(np.isfinite(score)))} has a score that is not a finite number")
    return truth, score


def checked_weight(weight: Floats | None, rows: int) -> Floats | None:
    """The weights as float64[rows]. Raises ValueError unless each is a finite number above 0."""
    if weight is None:
        return None
    weight = np.asarray(weight, dtype=np.float64)
    if weight.shape != (rows,):
        raise ValueError(f"the weights have shape {weight.shape}, the rows {(rows,)}")
    fine = np.isfinite(weight) & (weight > 0)
    if not fine.all():
        raise ValueError(f"row {int(np.argmin(fine))} has a weight that is not a finite number above 0")
    return weight


def row_log_loss(truth: Truth, score: Floats) -> Floats:
    """-ln of the probability given to what was true, row by row; scores clipped by `PROBABILITY_FLOOR`."""
    clipped = np.clip(score, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    # 1 - clipped, not log1p(-clipped): the plain form is what scikit-learn computes, bit for bit.
    return -np.log(np.where(truth, clipped, 1 - clipped))


def row_brier(truth: Truth, score: Floats) -> Floats:
    """The squared distance of the score from what was true (1 or 0), row by row."""
    return (score - truth) ** 2
