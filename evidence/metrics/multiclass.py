"""Metrics of a model that tells several classes apart.

Classes are numbers from 0 to classes - 1, in the order in which the locked dataset lists them. A prediction is
either a probability for each class, float64[n, classes], or only the class, float64[n] of whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evidence.groups import Groups
from evidence.metrics import Value
from evidence.metrics.by_group import group_sums, share_of
from evidence.metrics.means import Floats
from evidence.metrics.moved import Moved, lacking_rows, moved_mean, own_values
from evidence.metrics.scored import PROBABILITY_FLOOR, checked_weight
from evidence.single_intervals import DELTA, STUDENT, WILSON, share_interval

Classes = npt.NDArray[np.intp]

ONLY_LABELS = "the predictions are classes without probabilities"


def measure(truth: Classes, prediction: Floats, classes: int, *, weight: Floats | None = None) -> list[Value]:
    """Accuracy, macro recall, macro F1 and log loss of the prediction against `truth[n]`, in this order.

    Macro means: the plain mean over the classes, however many rows each has; classes that don't occur are left
    out. Log loss has value None and a reason when there are no probabilities. Raises ValueError when the shapes
    differ or something is not a finite number.
    """
    groups = Groups.whole(len(truth))
    return next(values for _, values in measure_groups(truth, prediction, classes, groups, weight=weight))


def measure_groups(
    truth: Classes, prediction: Floats, classes: int, groups: Groups, *, weight: Floats | None = None
) -> Iterator[tuple[str, list[Value]]]:
    """Every group's name with what `measure` says of its rows. Raises as `measure` does."""
    truth, prediction = checked_rows(truth, prediction, classes)
    weight = checked_weight(weight, len(truth))
    metrics = moved_metrics(Sorted(truth, prediction, classes, groups, weight))
    found = [_own(each, groups, weight) for each in metrics.values()]
    for place, name in enumerate(groups.names):
        yield name, [values[place] for values in found]


@dataclass(frozen=True)
class Sorted:
    """One model's predictions of labelled rows in groups; the rows are checked."""

    truth: Classes
    prediction: Floats
    classes: int
    groups: Groups
    weight: Floats | None = None


def moved_metrics(model: Sorted) -> dict[str, Moved]:
    """Every metric in each group with how far rows move it, by key, in the order of `METRICS`."""
    right = decisions(model.prediction) == model.truth
    lacks = lacking_rows(model.groups)
    return {
        "accuracy": moved_mean("accuracy", model.groups, right.astype(np.float64), model.weight, lacks),
        "macro_recall": _macro_recall(model, right, lacks),
        "macro_f1": _macro_f1(model, right, lacks),
        "log_loss": _log_loss(model, lacks),
    }


def decisions(prediction: Floats) -> Classes:
    """The class each row is put into: the likeliest, at a tie the first."""
    return prediction.argmax(axis=1) if prediction.ndim == 2 else prediction.astype(np.intp)


def row_log_loss(truth: Classes, probabilities: Floats) -> Floats:
    """-ln of the probability given to the true class, row by row, clipped by `PROBABILITY_FLOOR`."""
    given = probabilities[np.arange(len(truth)), truth]
    return -np.log(np.clip(given, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR))


def checked_rows(truth: Classes, prediction: Floats, classes: int) -> tuple[Classes, Floats]:
    """`truth` as whole numbers and `prediction` as float64. Raises ValueError unless they fit and are finite."""
    truth, prediction = np.asarray(truth, dtype=np.intp), np.asarray(prediction, dtype=np.float64)
    if truth.ndim != 1 or prediction.shape not in {(len(truth),), (len(truth), classes)}:
        raise ValueError(f"truth and prediction differ in shape: {truth.shape} and {prediction.shape}")
    if not np.isfinite(prediction).all():
        raise ValueError("a prediction is not a finite number")
    return truth, prediction


def class_sums(model: Sorted, of: Classes, rows: npt.NDArray[np.bool_] | None = None) -> Floats:
    """The weight of the rows of each class in each group, or of some `rows` of them. Shape [groups, classes].

    `of` says which class a row counts for: the true one or that decided.
    """
    places = model.groups.places * np.intp(model.classes) + of
    weight = model.weight
    if rows is not None:
        places, weight = places[rows], None if weight is None else weight[rows]
    sums = np.bincount(places, weights=weight, minlength=len(model.groups.names) * model.classes)
    return sums.astype(np.float64).reshape(-1, model.classes)


def _macro_recall(model: Sorted, right: npt.NDArray[np.bool_], lacks: list[str]) -> Moved:
    """A row moves the recall of its true class, which is one of so many."""
    there = class_sums(model, model.truth)
    recall = share_of(class_sums(model, model.truth, right), there)
    pull = _pull(model, there)
    at = model.groups.places, model.truth
    moves = (right - recall[at]) * pull[at]
    return Moved("macro_recall", _mean_of_classes(recall, there), _weighted(moves, model.weight), lacks)


def _macro_f1(model: Sorted, right: npt.NDArray[np.bool_], lacks: list[str]) -> Moved:
    """F1 of a class is 2·right / (rows of it + rows put into it): a row moves that of both its classes."""
    decided = decisions(model.prediction)
    either = class_sums(model, model.truth) + class_sums(model, decided)
    f1 = share_of(2 * class_sums(model, model.truth, right), either)
    pull = _pull(model, either)
    held = f1 * pull
    places = model.groups.places
    moves = 2 * right * pull[places, model.truth] - held[places, model.truth] - held[places, decided]
    return Moved("macro_f1", _mean_of_classes(f1, either), _weighted(moves, model.weight), lacks)


def _pull(model: Sorted, below: Floats) -> Floats:
    """By group and class: how much a row's moving of a ratio over `below` moves the mean over the classes."""
    total = group_sums(model.groups, model.weight)
    classes = np.maximum(1, (below > 0).sum(axis=1)).astype(np.float64)
    return share_of(total[:, None], below * classes[:, None])


def _mean_of_classes(values: Floats, below: Floats) -> Floats:
    """By group: the mean over the classes that have something below."""
    return share_of(values.sum(axis=1), (below > 0).sum(axis=1).astype(np.float64))


def _weighted(moves: Floats, weight: Floats | None) -> Floats:
    return moves if weight is None else moves * weight


def _log_loss(model: Sorted, lacks: list[str]) -> Moved:
    if model.prediction.ndim != 2:
        nothing = np.zeros(len(model.groups.names)), np.zeros(len(model.truth))
        return Moved("log_loss", *nothing, [ONLY_LABELS] * len(model.groups.names))
    return moved_mean("log_loss", model.groups, row_log_loss(model.truth, model.prediction), model.weight, lacks)


def _own(moved: Moved, groups: Groups, weight: Floats | None) -> list[Value]:
    if moved.metric == "accuracy" and weight is None:
        return [_share(value) for value in own_values(moved, groups, weight, WILSON)]
    is_mean = moved.metric == "log_loss" and weight is None
    values = own_values(moved, groups, weight, STUDENT if is_mean else DELTA)
    return [_within_bounds(value) for value in values]


def _share(value: Value) -> Value:
    if value.value is None:
        return value
    low, high = share_interval(value.value, value.n)
    return replace(value, low=low, high=high, method=WILSON)


def _within_bounds(value: Value) -> Value:
    """Nothing is below 0, and only log loss above 1; a share whose rows don't vary says nothing of its error."""
    if value.low is None or value.high is None or value.metric == "log_loss":
        return value if value.low is None else replace(value, low=max(0.0, value.low))
    if value.low == value.high:
        return replace(value, low=None, high=None, method="")
    return replace(value, low=max(0.0, value.low), high=min(1.0, value.high))
