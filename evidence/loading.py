"""Reading locked data and stored predictions back as arrays."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.models import Evaluation, LockedDataset
from evidence.tables import Table, read_csv
from registry.models import Task
from registry.stores import store


@dataclass(frozen=True)
class LockedRows:
    """A locked dataset in memory: its table, its truth and its segments (text), one entry per row.

    `truth` is bool for a binary target, float64 for regression, and for several classes the place of the row's
    label in `classes`.
    """

    table: Table
    truth: npt.NDArray[Any]
    segments: dict[str, npt.NDArray[np.str_]]
    task: str = Task.BINARY
    classes: tuple[str, ...] = ()


def load_rows(locked: LockedDataset) -> LockedRows:
    with store().open(locked.digest) as stream:
        table = read_csv(stream, thing=str(locked))
    segments = {name: np.array(table.columns[name]) for name in locked.segment_columns}
    truth = _truth(locked, table.columns[locked.target])
    return LockedRows(table, truth, segments, locked.task, tuple(locked.classes))


def _truth(locked: LockedDataset, labels: list[str]) -> npt.NDArray[Any]:
    if locked.task == Task.REGRESSION:
        return np.array(labels, dtype=np.float64)
    if locked.task == Task.MULTICLASS:
        places = {label: place for place, label in enumerate(locked.classes)}
        return np.array([places[label] for label in labels], dtype=np.intp)
    is_positive: npt.NDArray[np.bool_] = np.array(labels) == locked.positive_label
    return is_positive


def load_scores(evaluation: Evaluation) -> npt.NDArray[np.float64]:
    """The stored predictions, in the row order of the locked dataset; see `Prediction` for their shape."""
    with store().open(evaluation.predictions_digest) as stream:
        scores: npt.NDArray[np.float64] = np.load(io.BytesIO(stream.read()), allow_pickle=False)
    return scores


def scores_file(scores: npt.NDArray[np.float64]) -> bytes:
    """Predictions as they are stored: a .npy file of float64."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(scores, dtype="<f8"), allow_pickle=False)
    return buffer.getvalue()
