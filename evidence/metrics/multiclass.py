"""Metrics of a model that tells several classes apart.

Classes are numbers from 0 to classes - 1, in the order in which the locked dataset lists them. A prediction is
either a probability for each class, float64[n, classes], or only the class, float64[n] of whole numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evidence.metrics import Value
from evidence.metrics.binary import PROBABILITY_FLOOR, Floats

Classes = npt.NDArray[np.intp]

ONLY_LABELS = "the predictions are classes without probabilities"


def measure(truth: Classes, prediction: Floats, classes: int) -> list[Value]:
    """Accuracy, macro recall, macro F1 and log loss of the prediction against `truth[n]`, in this order.

    Macro means: the plain mean over the classes, however many rows each has; classes that don't occur are left
    out. Log loss has value None and a reason when there are no probabilities. Raises ValueError when the shapes
    differ or something is not a finite number.
    """
    truth, prediction = checked_rows(truth, prediction, classes)
    decided = decisions(prediction)
    return [
        measure_accuracy(truth, decided),
        _macro_recall(truth, decided, classes),
        _macro_f1(truth, decided, classes),
        _log_loss(truth, prediction),
    ]


def measure_accuracy(truth: Classes, decided: Classes) -> Value:
    """The share of rows whose class is the true one."""
    if not len(truth):
        return Value("accuracy", None, 0, "no rows")
    return Value("accuracy", float((truth == decided).mean()), len(truth))


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


def _macro_recall(truth: Classes, decided: Classes, classes: int) -> Value:
    there = np.bincount(truth, minlength=classes)
    if not there.any():
        return Value("macro_recall", None, 0, "no rows")
    found = np.bincount(truth[truth == decided], minlength=classes)
    return Value("macro_recall", float((found[there > 0] / there[there > 0]).mean()), len(truth))


def _macro_f1(truth: Classes, decided: Classes, classes: int) -> Value:
    either = np.bincount(truth, minlength=classes) + np.bincount(decided, minlength=classes)
    if not either.any():
        return Value("macro_f1", None, 0, "no rows")
    found = 2 * np.bincount(truth[truth == decided], minlength=classes)
    return Value("macro_f1", float((found[either > 0] / either[either > 0]).mean()), len(truth))


def _log_loss(truth: Classes, prediction: Floats) -> Value:
    if prediction.ndim != 2:
        return Value("log_loss", None, len(truth), ONLY_LABELS)
    if not len(truth):
        return Value("log_loss", None, 0, "no rows")
    return Value("log_loss", float(row_log_loss(truth, prediction).mean()), len(truth))
