"""Whether a version's predictions and a locked dataset's labels speak of the same thing."""

import numpy as np
import numpy.typing as npt

from accounts.reasons import Reason
from evidence.labels import sorted_classes
from evidence.models import LockedDataset
from registry.models import Task, Version

_LABELS_NAMED = 10


def why_not_judged_on(version: Version, locked: LockedDataset) -> Reason | None:
    """Why the dataset can't tell how good the version is, whoever makes the predictions; None when it can."""
    if version.task != locked.task:
        return Reason(
            "task_does_not_fit",
            f"{version} is a {version.task} model, and {locked} is locked for {locked.task} models.",
            f"Name a dataset that is locked for {version.task} models, or register the version as what it is.",
        )
    declared = version.contract.get("classes", [])
    if locked.task == Task.MULTICLASS and locked.is_labelled and set(declared) != set(locked.classes):
        return Reason(
            "classes_do_not_fit",
            f"{version} tells {_few(declared)} apart, and {locked} holds {_few(locked.classes)}.",
            "Register the version with the labels as the data write them, or lock data in which each class occurs.",
        )
    return None


def classes_on(version: Version, locked: LockedDataset) -> list[str]:
    """The classes in the order in which predictions for the dataset are kept: its own, or the version's, sorted,
    where the dataset has no labels. Empty for tasks without classes."""
    return list(locked.classes) if locked.is_labelled else list(sorted_classes(version.contract.get("classes", [])))


def in_dataset_order(
    version: Version, locked: LockedDataset, scores: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Predictions of a multiclass version with its classes in the order of `classes_on`; others as they are."""
    if version.task != Task.MULTICLASS:
        return scores
    classes, wanted = version.contract["classes"], classes_on(version, locked)
    if scores.ndim == 2:
        return scores[:, [classes.index(label) for label in wanted]]
    places = np.array([wanted.index(label) for label in classes], dtype=np.float64)
    return places[scores.astype(np.intp)]


def _few(labels: list[str]) -> str:
    """Some labels in words, and how many more there are."""
    more = len(labels) - _LABELS_NAMED
    return ", ".join(labels[:_LABELS_NAMED]) + (f" and {more} more" if more > 0 else "")
