"""Measuring and comparing predictions by what the data ask for: yes or no, one of several classes, a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.comparing import binary as comparing_binary
from evidence.comparing import multiclass as comparing_multiclass
from evidence.comparing import regression as comparing_regression
from evidence.comparison import Comparison
from evidence.loading import LockedRows
from evidence.metrics import Value, binary, multiclass, regression
from registry.models import Task

DEFAULT_THRESHOLD = 0.5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Predicted:
    """One version's predictions for the locked rows, and the threshold it decides at if it is a binary model."""

    scores: Floats
    threshold: float | None = None

    @property
    def decides_at(self) -> float:
        return DEFAULT_THRESHOLD if self.threshold is None else self.threshold


def measure(rows: LockedRows, predicted: Predicted) -> list[Value]:
    """Every metric of the rows' task, in the order of `METRICS`. Raises ValueError when shapes don't fit."""
    if rows.task == Task.REGRESSION:
        return regression.measure(rows.truth, predicted.scores)
    if rows.task == Task.MULTICLASS:
        return multiclass.measure(rows.truth, predicted.scores, len(rows.classes))
    return binary.measure(rows.truth, predicted.scores, predicted.decides_at)


def measure_segments(rows: LockedRows, predicted: Predicted) -> Iterator[tuple[str, str, Value]]:
    """Column, segment and the value of the task's segment metric there (`evidence.metrics.SEGMENT_METRICS`)."""
    for column, groups in rows.segments.items():
        for group in np.unique(groups):
            yield column, str(group), _measure_segment(rows, predicted, groups == group)


def _measure_segment(rows: LockedRows, predicted: Predicted, inside: npt.NDArray[np.bool_]) -> Value:
    truth, scores = rows.truth[inside], predicted.scores[inside]
    if rows.task == Task.REGRESSION:
        return regression.measure_mae(truth, scores)
    if rows.task == Task.MULTICLASS:
        return multiclass.measure_accuracy(truth, multiclass.decisions(scores))
    return binary.measure_recall(truth, scores >= predicted.decides_at)


def compare(rows: LockedRows, baseline: Predicted, candidate: Predicted) -> Comparison:
    """Candidate against baseline on these rows, paired. Raises ValueError when shapes don't fit."""
    if rows.task == Task.REGRESSION:
        return comparing_regression.compare(rows.truth, baseline.scores, candidate.scores, segments=rows.segments)
    if rows.task == Task.MULTICLASS:
        return comparing_multiclass.compare(
            rows.truth, baseline.scores, candidate.scores, classes=len(rows.classes), segments=rows.segments
        )
    return comparing_binary.compare(
        rows.truth,
        baseline.scores,
        candidate.scores,
        baseline_threshold=baseline.decides_at,
        candidate_threshold=candidate.decides_at,
        segments=rows.segments,
    )


def curves(rows: LockedRows, predicted: Predicted) -> dict[str, Any]:
    """What is kept to be drawn: the ROC curve of a binary model, the sizes of a regression's errors, else nothing."""
    if rows.task == Task.BINARY:
        return {"roc": binary.roc_curve(rows.truth, predicted.scores)}
    if rows.task == Task.REGRESSION:
        return {"errors": regression.error_sizes(rows.truth, predicted.scores)}
    return {}
