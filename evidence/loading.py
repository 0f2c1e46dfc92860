"""Reading locked data and stored predictions back as arrays."""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evidence.models import Evaluation, LockedDataset
from evidence.tables import Table, read_csv
from registry.stores import store


@dataclass(frozen=True)
class LockedRows:
    """A locked dataset in memory: its table, its truth (bool, one per row) and its segments (text, one per row)."""

    table: Table
    truth: npt.NDArray[np.bool_]
    segments: dict[str, npt.NDArray[np.str_]]


def load_rows(locked: LockedDataset) -> LockedRows:
    with store().open(locked.digest) as stream:
        table = read_csv(stream, thing=str(locked))
    truth = np.array(table.columns[locked.target]) == locked.positive_label
    segments = {name: np.array(table.columns[name]) for name in locked.segment_columns}
    return LockedRows(table, truth, segments)


def load_scores(evaluation: Evaluation) -> npt.NDArray[np.float64]:
    """The stored predictions, in the row order of the locked dataset."""
    with store().open(evaluation.predictions_digest) as stream:
        scores: npt.NDArray[np.float64] = np.load(io.BytesIO(stream.read()), allow_pickle=False)
    return scores


def scores_file(scores: npt.NDArray[np.float64]) -> bytes:
    """Predictions as they are stored: a .npy file of float64."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(scores, dtype="<f8"), allow_pickle=False)
    return buffer.getvalue()
