"""Reading locked data and stored predictions back as arrays, a column at a time."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.columnar import Column, fetch
from evidence.groups import Groups
from evidence.locking import TRUTH, WEIGHT, input_column, segment_column
from evidence.models import Evaluation, LockedDataset
from registry.models import Task
from registry.stores import BytesGone, store

NO_LABELS: npt.NDArray[np.float64] = np.array([])


@dataclass(frozen=True)
class LockedRows:
    """What a locked dataset's rows are judged by, one entry per row: truth, segments, weight.

    `truth` is bool for a binary target, float64 for regression, and for several classes the place of the row's
    label in `classes`; it is empty where nothing is labelled. `weight` says how much each row counts, None when
    all count alike.
    """

    truth: npt.NDArray[Any]
    segments: dict[str, Groups] = field(default_factory=dict)
    task: str = Task.BINARY
    classes: tuple[str, ...] = ()
    weight: npt.NDArray[np.float64] | None = None


def load_rows(locked: LockedDataset) -> LockedRows:
    """Raises BytesGone when the rows are no longer in the store, or not what was locked."""
    places = {name: segment_column(place) for place, name in enumerate(locked.segment_columns)}
    wanted = [*places.values(), *([TRUTH] if locked.is_labelled else []), *([WEIGHT] if locked.weight_column else [])]
    with locked_file(locked) as path:
        found = fetch(path, wanted) if wanted else {}
    segments = {name: Groups(tuple(locked.groups[name]), found[column]) for name, column in places.items()}
    truth = found.get(TRUTH, NO_LABELS)
    if locked.is_labelled and locked.task == Task.MULTICLASS:
        truth = truth.astype(np.intp)
    return LockedRows(truth, segments, locked.task, tuple(locked.classes), found.get(WEIGHT))


def load_inputs(locked: LockedDataset, names: Sequence[str]) -> dict[str, Column]:
    """These columns as a model is given them: numbers as float64, NaN for a missing one, others as text.

    Raises as `load_rows` does, and ValueError for a column that isn't among the dataset's inputs.
    """
    if unknown := set(names) - set(locked.input_columns):
        raise ValueError(f"{locked} has no inputs {sorted(unknown)}")
    order = [column["name"] for column in locked.columns]
    columns = {name: input_column(order.index(name)) for name in names}
    with locked_file(locked) as path:
        found = fetch(path, list(columns.values()))
    return {name: found[column] for name, column in columns.items()}


@contextmanager
def locked_file(locked: LockedDataset) -> Iterator[Path]:
    """The file of locked rows, its bytes checked: a number measured on other rows would be worse than none."""
    with store().as_file(locked.rows_digest) as path:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != locked.rows_digest:
            raise BytesGone(f"The rows of {locked} in the store are not what was locked.")
        yield path


def load_scores(evaluation: Evaluation) -> npt.NDArray[np.float64]:
    """The stored predictions, in the row order of the locked dataset; see `Prediction` for their shape.

    Raises BytesGone when they are no longer in the store, or not what was measured.
    """
    with store().open(evaluation.predictions_digest) as stream:
        content = stream.read()
    if hashlib.sha256(content).hexdigest() != evaluation.predictions_digest:
        raise BytesGone(f"The predictions of {evaluation} in the store are not what was measured.")
    scores: npt.NDArray[np.float64] = np.load(io.BytesIO(content), allow_pickle=False)
    return scores


def scores_file(scores: npt.NDArray[np.float64]) -> bytes:
    """Predictions as they are stored: a .npy file of float64."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(scores, dtype="<f8"), allow_pickle=False)
    return buffer.getvalue()
