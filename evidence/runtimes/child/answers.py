"""A model's answer, an array or maps, as the numbers that leave the child."""

from __future__ import annotations

from typing import Any

import numpy as np

from .problem import NAME_IT, Problem
from .task import Task


def answers_of(task: Task, answer: Any, rows: int) -> Any:
    """What the model answered for `rows` rows, as float64: [rows], or [rows, classes]."""
    if len(answer) != rows:
        text = f"{task.name} answered {len(answer)} rows for {rows}"
        raise Problem("bad_scores", text, "Export the model with a free first dimension.")
    if isinstance(answer, list):
        return from_maps(task, answer)
    if task.kind == "regression":
        return one_column(task, answer).astype("<f8")
    if task.kind == "binary":
        return positive_scores(task, answer)
    if answer.dtype.kind == "f":
        return class_columns(task, answer)
    return label_places(task, one_column(task, answer))


def from_maps(task: Task, answer: list[Any]) -> Any:
    """Probabilities out of a map for each row, label → probability, as classifiers are exported with ZipMap."""
    if task.kind == "multiclass":
        found = [{str(label): value for label, value in row.items()} for row in answer]
        absent = set(found[0]) ^ set(task.classes)
        if absent:
            text = f"{task.name} and its contract differ in the classes {', '.join(sorted(absent)[:10])}"
            raise Problem("no_probability_output", text, "List the labels of the model's own maps as its classes.")
        return np.array([[row[label] for label in task.classes] for row in found], dtype="<f8")
    labels = sorted(answer[0])
    if len(labels) != 2:
        text = f"{task.name} answers in maps of {len(labels)} labels; a yes/no model has two"
        raise Problem("no_probability_output", text, NAME_IT)
    return np.array([row[labels[task.positive_class]] for row in answer], dtype="<f8")


def one_column(task: Task, answer: Any) -> Any:
    """[rows] out of [rows] or [rows, 1]."""
    if answer.ndim not in (1, 2) or answer.shape[1:] not in ((), (1,)):
        text = f"{task.name} answers in shape {list(answer.shape)}; wanted is one value per row"
        raise Problem("no_probability_output", text, NAME_IT)
    return answer.reshape(len(answer))


def positive_scores(task: Task, answer: Any) -> Any:
    """The positive class's probability, float64[rows], out of [rows, 2], [rows, 1] or [rows]."""
    if answer.ndim not in (1, 2) or answer.shape[1:] not in ((), (1,), (2,)):
        text = f"{task.name} answers in shape {list(answer.shape)}; a yes/no model has one or two columns"
        raise Problem("no_probability_output", text, NAME_IT)
    if answer.shape[1:] != (2,):
        return answer.reshape(len(answer)).astype("<f8")
    return answer[:, task.positive_class].astype("<f8")


def class_columns(task: Task, answer: Any) -> Any:
    """Probabilities as float64[rows, classes]."""
    if answer.shape[1:] != (len(task.classes),):
        text = f"{task.name} answers in shape {list(answer.shape)}, its contract lists {len(task.classes)} classes"
        raise Problem("no_probability_output", text, "List its classes in the order of the output's columns.")
    return answer.astype("<f8")


def label_places(task: Task, labels: Any) -> Any:
    """Where each predicted label stands among the classes, float64[rows]."""
    places = {label: place for place, label in enumerate(task.classes)}
    unknown = sorted({str(label) for label in labels} - set(places))
    if unknown:
        text = f"{task.name} answers the class {unknown[0][:40]}, which its contract doesn't list"
        raise Problem("no_probability_output", text, "List all classes that the model tells apart.")
    return np.array([places[str(label)] for label in labels], dtype="<f8")
