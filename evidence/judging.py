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
from evidence.curves import binary as binary_curves
from evidence.curves import multiclass as multiclass_curves
from evidence.curves import regression as regression_curves
from evidence.groups import Groups
from evidence.loading import LockedRows
from evidence.metrics import Value, binary, multiclass, regression
from evidence.metrics.scored import Scored, scored
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
        return regression.measure(rows.truth, predicted.scores, weight=rows.weight)
    if rows.task == Task.MULTICLASS:
        return multiclass.measure(rows.truth, predicted.scores, len(rows.classes), weight=rows.weight)
    return binary.measure(rows.truth, predicted.scores, predicted.decides_at, weight=rows.weight)


def measure_segments(rows: LockedRows, predicted: Predicted) -> Iterator[tuple[str, str, Value]]:
    """Column, segment and value of every metric of the rows' task, in each segment of each column."""
    measured = _MEASURED[Task(rows.task)]
    for column, groups in rows.segments.items():
        for segment, values in measured(rows, predicted, groups):
            yield from ((column, segment, value) for value in values)


def _binary_groups(rows: LockedRows, predicted: Predicted, groups: Groups) -> Iterator[tuple[str, list[Value]]]:
    return binary.measure_groups(_scored(rows, predicted), groups)


def _scored(rows: LockedRows, predicted: Predicted) -> Scored:
    return scored(rows.truth, predicted.scores, predicted.decides_at, rows.weight)


def _regression_groups(rows: LockedRows, predicted: Predicted, groups: Groups) -> Iterator[tuple[str, list[Value]]]:
    return regression.measure_groups(rows.truth, predicted.scores, groups, weight=rows.weight)


def _class_groups(rows: LockedRows, predicted: Predicted, groups: Groups) -> Iterator[tuple[str, list[Value]]]:
    return multiclass.measure_groups(rows.truth, predicted.scores, len(rows.classes), groups, weight=rows.weight)


_MEASURED = {Task.BINARY: _binary_groups, Task.REGRESSION: _regression_groups, Task.MULTICLASS: _class_groups}


def compare(rows: LockedRows, baseline: Predicted, candidate: Predicted) -> Comparison:
    """Candidate against baseline on these rows, paired. Raises ValueError when shapes don't fit."""
    if rows.task == Task.REGRESSION:
        return comparing_regression.compare(
            rows.truth, baseline.scores, candidate.scores, segments=rows.segments, weight=rows.weight
        )
    if rows.task == Task.MULTICLASS:
        return comparing_multiclass.compare(
            rows.truth,
            baseline.scores,
            candidate.scores,
            classes=len(rows.classes),
            segments=rows.segments,
            weight=rows.weight,
        )
    return comparing_binary.compare(
        rows.truth,
        baseline.scores,
        candidate.scores,
        baseline_threshold=baseline.decides_at,
        candidate_threshold=candidate.decides_at,
        segments=rows.segments,
        weight=rows.weight,
    )


def curves(rows: LockedRows, predicted: Predicted) -> dict[str, Any]:
    """What is kept to be drawn, as plain JSON; `evidence.curves` has a file for each task."""
    if rows.task == Task.BINARY:
        return binary_curves.curves(_scored(rows, predicted))
    if rows.task == Task.REGRESSION:
        return regression_curves.curves(rows.truth, predicted.scores, rows.weight)
    return multiclass_curves.curves(rows.truth, predicted.scores, rows.classes, rows.weight)
