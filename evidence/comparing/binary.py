"""Two yes/no models on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.comparison import Comparison, count_decisions, judge_measures
from evidence.delta_method import average_precision_difference, calibration_difference
from evidence.intervals import (
    Interval,
    auc_difference,
    log_loss_difference,
    mean_difference,
    paired_share_difference,
)
from evidence.metrics import BINARY
from evidence.metrics.binary import Floats, Truth, checked_rows, measure, row_brier
from evidence.resampling import Statistic, f1, joint_table, precision, resampled_difference
from evidence.segments import judge_groups, share_groups


def compare(
    truth: Truth,
    baseline_score: Floats,
    candidate_score: Floats,
    *,
    baseline_threshold: float,
    candidate_threshold: float,
    segments: Mapping[str, npt.NDArray[Any]],
    level: float = 0.95,
) -> Comparison:
    """Compare two models' scores of the same rows, each decided at its own threshold.

    `truth`, both scores and every array of `segments` (column name → text per row) have one entry per row.
    Segments are compared by recall; their intervals are Bonferroni-widened so that all of them hold together
    at `level`. Raises ValueError when lengths differ or a score is not a finite number.
    """
    truth, baseline_score = checked_rows(truth, baseline_score)
    truth, candidate_score = checked_rows(truth, candidate_score)
    decided = baseline_score >= baseline_threshold, candidate_score >= candidate_threshold
    was_right, is_right = decided[0] == truth, decided[1] == truth
    return Comparison(
        task=BINARY,
        n=len(truth),
        level=level,
        measures=judge_measures(
            measure(truth, baseline_score, baseline_threshold),
            measure(truth, candidate_score, candidate_threshold),
            _score_intervals(truth, baseline_score, candidate_score, level)
            | _decision_intervals(truth, *decided, level),
            level,
        ),
        segments=judge_groups(share_groups("recall", segments, truth, was_right, is_right), level),
        decisions=count_decisions(was_right, is_right),
        changed=int((was_right != is_right).sum()),
    )


def _score_intervals(
    truth: Truth, baseline: Floats, candidate: Floats, level: float
) -> dict[str, Callable[[], Interval]]:
    return {
        "auc": lambda: auc_difference(truth, baseline, candidate, level),
        "average_precision": lambda: average_precision_difference(truth, baseline, candidate, level),
        "log_loss": lambda: log_loss_difference(truth, baseline, candidate, level),
        "brier": lambda: mean_difference(row_brier(truth, baseline), row_brier(truth, candidate), level),
        "calibration_error": lambda: calibration_difference(truth, baseline, candidate, level),
    }


def _decision_intervals(truth: Truth, was: Truth, now: Truth, level: float) -> dict[str, Callable[[], Interval]]:
    def resampled(statistic: Statistic) -> Interval:
        table = joint_table(truth.astype(np.intp), was.astype(np.intp), now.astype(np.intp), classes=2)
        return resampled_difference(table, statistic, level)

    return {
        "accuracy": lambda: paired_share_difference(was == truth, now == truth, level),
        "precision": lambda: resampled(precision),
        "recall": lambda: paired_share_difference(was[truth], now[truth], level),
        "f1": lambda: resampled(f1),
    }
