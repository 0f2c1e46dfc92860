"""The target column of a locked dataset: what its labels must be for each task."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from accounts.reasons import Invalid
from registry.models import Task

#: Characters of a column's, a group's or a label's name, as they are kept beside the figures.
LONGEST_NAME = 128
MOST_CLASSES = 100
#: What stands for no value, in lower case.
MISSING = {"", "nan", "na", "null", "none"}


@dataclass(frozen=True)
class Declaration:
    """What the columns of a dataset are for. `positive` is the value of a binary target that counts as yes."""

    id_column: str
    target: str
    positive: str = ""
    segments: Sequence[str] = ()
    task: str = Task.BINARY


def check_labels(labels: list[str], declaration: Declaration, thing: str) -> None:
    """Raises Invalid unless every row has a label, of the kind that the declared task judges."""
    absent = [row for row, label in enumerate(labels, start=2) if label.strip().lower() in MISSING]
    if absent:
        raise Invalid(
            "missing_labels",
            f"{len(absent)} rows of {thing} have no label in {declaration.target!r}, the first in line {absent[0]}.",
            "Remove these rows or label them.",
        )
    if declaration.task == Task.REGRESSION:
        _check_numbers(labels, declaration, thing)
    elif declaration.task == Task.MULTICLASS:
        _check_classes(labels, declaration, thing)
    else:
        _check_two_values(set(labels), declaration, thing)


def check_task(declaration: Declaration) -> None:
    """Raises Invalid unless the task is known, and a positive value is declared where it has one and only there."""
    if declaration.task not in Task.values:
        raise Invalid(
            "unknown_task",
            f"{declaration.task!r} is no task a dataset can be for.",
            f"Choose from {', '.join(Task.values)}.",
        )
    if declaration.task == Task.BINARY and not declaration.positive:
        raise Invalid("not_declared", "A binary target needs the value that counts as yes.", "Declare positive.")
    if declaration.task != Task.BINARY and declaration.positive:
        raise Invalid(
            "positive_without_binary",
            f"A {declaration.task} target has no positive value.",
            "Leave positive out, or declare the task binary.",
        )


def _check_numbers(labels: list[str], declaration: Declaration, thing: str) -> None:
    for row, label in enumerate(labels, start=2):
        try:
            is_number = isfinite(float(label))
        except ValueError:
            is_number = False
        if not is_number:
            raise Invalid(
                "not_numeric",
                f"{declaration.target!r} of {thing} holds {label[:40]!r} in line {row}, which is no finite number.",
                "A regression target holds numbers only; for classes declare the task binary or multiclass.",
            )


def _check_classes(labels: list[str], declaration: Declaration, thing: str) -> None:
    classes = set(labels)
    if len(classes) < 2:
        raise Invalid(
            "one_class",
            f"{declaration.target!r} of {thing} holds one class only, {labels[0][:40]!r}.",
            "Lock data in which each class occurs.",
        )
    if len(classes) > MOST_CLASSES:
        raise Invalid(
            "too_many_classes",
            f"{declaration.target!r} of {thing} holds {len(classes):,} classes.",
            f"{MOST_CLASSES} are judged at most; group them, or declare the task regression if they are numbers.",
        )
    _check_label_texts(classes, declaration, thing)


def _check_two_values(values: set[str], declaration: Declaration, thing: str) -> None:
    if declaration.positive not in values or len(values) != 2:
        shown = ", ".join(sorted(values)[:5])
        raise Invalid(
            "not_binary",
            f"{declaration.target!r} must hold two values, one of them {declaration.positive!r}; it holds {shown}.",
            "Declare the positive value exactly as it is written in the file, or another task.",
        )
    _check_label_texts(values, declaration, thing)


def _check_label_texts(values: set[str], declaration: Declaration, thing: str) -> None:
    if any(len(value) > LONGEST_NAME or not value.isprintable() for value in values):
        raise Invalid(
            "bad_label",
            f"{declaration.target!r} of {thing} holds a label that is too long or can't be seen.",
            f"Write labels with {LONGEST_NAME} visible characters at most.",
        )


def sorted_classes(labels: Sequence[str]) -> list[str]:
    """The labels that occur, each once: as numbers if all of them are such, else by letters; as scikit-learn does."""
    classes = set(labels)
    try:
        return sorted(classes, key=lambda label: (float(label), label))
    except ValueError:
        return sorted(classes)
