"""The target column of a locked dataset: what its labels must be for each task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan

from accounts.reasons import Invalid
from evidence.handed_in import LONGEST_NAME, Given
from evidence.metrics.regression import LEAST_NUMBER, MOST_NUMBER
from registry.models import Task

MOST_CLASSES = 100


@dataclass(frozen=True)
class Declaration:
    """What the columns of a dataset are for. `positive` is the value of a binary target that counts as yes.

    Without a `target` the rows are unlabelled: two versions' answers to them can be compared with each other, and
    with no truth. `weight` names the column that says how much each row counts.
    """

    id_column: str
    target: str = ""
    positive: str = ""
    segments: Sequence[str] = ()
    task: str = Task.BINARY
    weight: str = ""


@dataclass(frozen=True)
class Labels:
    """What the target column holds: classes sorted (none for a regression), and how many rows are positive."""

    classes: tuple[str, ...] = ()
    positives: int | None = None


def check_task(declaration: Declaration) -> None:
    """Raises Invalid unless the task is known, and a positive value is declared where it has one and only there."""
    if declaration.task not in Task.values:
        raise Invalid(
            "unknown_task",
            f"{declaration.task!r} is no task a dataset can be for.",
            f"Choose from {', '.join(Task.values)}.",
        )
    if not declaration.target and declaration.positive:
        text = "There is a positive value and no target that could hold it."
        raise Invalid("positive_without_target", text, "Declare the target, or leave positive out: no labels then.")
    if declaration.target and declaration.task == Task.BINARY and not declaration.positive:
        raise Invalid("not_declared", "A binary target needs the value that counts as yes.", "Declare positive.")
    if declaration.task != Task.BINARY and declaration.positive:
        raise Invalid(
            "positive_without_binary",
            f"A {declaration.task} target has no positive value.",
            "Leave positive out, or declare the task binary.",
        )


def read_labels(given: Given, declaration: Declaration) -> Labels:
    """What the target holds. Raises Invalid unless every row has a label, of the kind the declared task judges."""
    if not declaration.target:
        return Labels()
    _refuse_missing(given, declaration.target)
    if declaration.task == Task.REGRESSION:
        _check_numbers(given, declaration.target)
        return Labels()
    classes = _classes(given, declaration.target)
    if declaration.task == Task.MULTICLASS:
        _check_several(classes, declaration.target, given)
        return Labels(sorted_classes(classes))
    _check_two(classes, declaration, given)
    is_positive = f"{given.text(declaration.target)} = $positive"
    count = f"SELECT count(*) FROM given WHERE {is_positive}"
    return Labels(positives=given.one(count, positive=declaration.positive))


def sorted_classes(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels that occur, each once: as numbers if all of them are such, else by letters; as scikit-learn does."""
    classes = sorted(set(labels))
    try:
        numbers = {label: float(label) for label in classes}
    except ValueError:
        return tuple(classes)
    if any(isnan(number) for number in numbers.values()):  # which is neither before nor behind any other
        return tuple(classes)
    return tuple(sorted(classes, key=numbers.__getitem__))


def _refuse_missing(given: Given, target: str) -> None:
    query = f"SELECT count(*), min(rowid) FROM given WHERE {given.missing(target)}"
    absent, first = given.all(query)[0]
    if absent:
        raise Invalid(
            "missing_labels",
            f"{absent:,} rows of {given.thing} have no label in {target!r}, the first in {given.place(first)}.",
            "Remove these rows or label them.",
        )


def _check_numbers(given: Given, target: str) -> None:
    number = given.number(target)
    first = given.one(f"SELECT min(rowid) FROM given WHERE {number} IS NULL OR isinf({number})")
    if first is not None:
        label = given.one(f"SELECT {given.text(target)} FROM given WHERE rowid = {first}")
        raise Invalid(
            "not_numeric",
            f"{target!r} of {given.thing} holds {label[:40]!r} in {given.place(first)}, which is no finite number.",
            "A regression target holds numbers only; for classes declare the task binary or multiclass.",
        )
    _check_range(given, target, number)


def _check_range(given: Given, target: str, number: str) -> None:
    outside = f"{number} <> 0 AND NOT abs({number}) BETWEEN {LEAST_NUMBER} AND {MOST_NUMBER}"
    first = given.one(f"SELECT min(rowid) FROM given WHERE {outside}")
    if first is not None:
        label = given.one(f"SELECT {given.text(target)} FROM given WHERE rowid = {first}")
        raise Invalid(
            "out_of_range",
            f"{target!r} of {given.thing} holds {label[:40]!r} in {given.place(first)}: errors of such a size can't be "
            "reckoned with.",
            f"Choose a unit in which the target is 0 or its size lies from {LEAST_NUMBER:g} to {MOST_NUMBER:g}.",
        )


def _classes(given: Given, target: str) -> list[str]:
    text = given.text(target)
    found = [str(row[0]) for row in given.all(f"SELECT DISTINCT {text} FROM given LIMIT {MOST_CLASSES + 1}")]
    if len(found) > MOST_CLASSES:
        count = given.one(f"SELECT count(DISTINCT {text}) FROM given")
        raise Invalid(
            "too_many_classes",
            f"{target!r} of {given.thing} holds {count:,} different values.",
            f"{MOST_CLASSES} classes are judged at most; group them, or declare the task regression if they are "
            "numbers.",
        )
    if any(len(label) > LONGEST_NAME or not label.isprintable() for label in found):
        raise Invalid(
            "bad_label",
            f"{target!r} of {given.thing} holds a label that is too long or can't be seen.",
            f"Write labels with {LONGEST_NAME} visible characters at most.",
        )
    return found


def _check_several(classes: list[str], target: str, given: Given) -> None:
    if len(classes) < 2:
        raise Invalid(
            "one_class",
            f"{target!r} of {given.thing} holds one class only, {classes[0][:40]!r}.",
            "Lock data in which each class occurs.",
        )


def _check_two(classes: list[str], declaration: Declaration, given: Given) -> None:
    if declaration.positive not in classes or len(classes) != 2:
        shown = ", ".join(sorted(classes)[:5])
        raise Invalid(
            "not_binary",
            f"{declaration.target!r} of {given.thing} must hold two values, one of them {declaration.positive!r}; "
            f"it holds {shown}.",
            "Declare the positive value exactly as it is written in the file, or another task.",
        )
