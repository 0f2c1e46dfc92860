"""What became of each row when a candidate takes a baseline's place: kept as one number a row, in one file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evidence.judging import Predicted
from evidence.loading import LockedRows
from evidence.metrics import multiclass
from registry.models import Task

Outcomes = npt.NDArray[np.uint8]

#: Of models that sort out: by whose decision was right. A row's number is its place here.
DECIDED = ("both_right", "fixed", "broken", "both_wrong")
#: Of models that predict numbers: by whose number is nearer the truth.
PREDICTED = ("equal", "closer", "farther")


def kinds_of(task: str) -> tuple[str, ...]:
    """What rows can become, in the order of their numbers."""
    return PREDICTED if task == Task.REGRESSION else DECIDED


def outcomes(rows: LockedRows, baseline: Predicted, candidate: Predicted) -> Outcomes:
    """One number for each labelled row: the place of its outcome in `kinds_of(rows.task)`."""
    if rows.task == Task.REGRESSION:
        was_off, is_off = np.abs(baseline.scores - rows.truth), np.abs(candidate.scores - rows.truth)
        return np.asarray((is_off < was_off) + 2 * (is_off > was_off), dtype=np.uint8)
    was_right, is_right = decided(rows.task, baseline) == rows.truth, decided(rows.task, candidate) == rows.truth
    return np.asarray(np.where(was_right, np.where(is_right, 0, 2), np.where(is_right, 1, 3)), dtype=np.uint8)


def decided(task: str, predicted: Predicted) -> npt.NDArray[np.bool_] | npt.NDArray[np.intp]:
    """What each row was decided to be: yes or no, or the place of a class."""
    if task == Task.MULTICLASS:
        return multiclass.decisions(predicted.scores)
    return predicted.scores >= predicted.decides_at
