"""What a version declares of how its artifact is fed and read: its contract, a mapping with at most these keys.

- `inputs`: the name of the one tensor that takes all features as its columns, in their order; or a list with the
  name of the model's input for each feature. Without it a model with one two-dimensional input gets all features
  there, and any other model gets each feature in the input of the same name.
- `output`: the name of the output that holds the probability, the classes' probabilities or labels, or the number.
- `positive_class`: of a binary model with two columns of probabilities, which column is "yes": 0 or 1 (default 1).
- `classes`: of a multiclass model (which must have it), the labels in the order of the probabilities' columns.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.reasons import Invalid
from registry.models import Task

KEYS = ("inputs", "output", "positive_class", "classes")
MOST_CLASSES = 100
LONGEST_NAME = 128


def check_contract(contract: Mapping[str, Any], *, task: str, features: Sequence[str]) -> None:
    """Raises Invalid naming the key that can't be right for a model of this task with these features."""
    if unknown := set(contract) - set(KEYS):
        raise _bad(f"has the unknown key {', '.join(sorted(unknown))}", f"Known are {', '.join(KEYS)}.")
    if "inputs" in contract:
        _check_inputs(contract["inputs"], features)
    if "output" in contract and not _is_name(contract["output"]):
        raise _bad("has an output that is no name", "Name one of the model's outputs.")
    if "positive_class" in contract:
        _check_positive_class(contract["positive_class"], task)
    if "classes" in contract or task == Task.MULTICLASS:
        _check_classes(contract.get("classes"), task)


def _check_inputs(inputs: Any, features: Sequence[str]) -> None:
    if _is_name(inputs):
        return
    if not (isinstance(inputs, list) and all(map(_is_name, inputs)) and len(set(inputs)) == len(inputs)):
        raise _bad(
            "has inputs that are neither a name nor a list of different names",
            "Name the one tensor, or one input for each feature.",
        )
    if len(inputs) != len(features):
        what = f"names {len(inputs)} inputs for {len(features)} features"
        raise _bad(what, "Name one for each feature, in the features' order; or the one tensor that takes them all.")


def _check_positive_class(place: Any, task: str) -> None:
    if task != Task.BINARY:
        raise _bad(f"has a positive_class, which a {task} model has not", "Leave it out.")
    if isinstance(place, bool) or place not in (0, 1):
        raise _bad(f"has the positive_class {place!r}", "It is the column of the positive label: 0 or 1.")


def _check_classes(classes: Any, task: str) -> None:
    if task != Task.MULTICLASS:
        raise _bad(f"has classes, which a {task} model has not", "Leave them out, or say that the task is multiclass.")
    remedy = "List the labels as the data write them, as text, in the order of the output's columns."
    if classes is None:
        raise _bad("of a multiclass model needs classes", remedy)
    if not (isinstance(classes, list) and all(map(_is_name, classes)) and len(set(classes)) == len(classes)):
        raise _bad("has classes that are no list of different labels", remedy)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise _bad(f"has {len(classes)} classes", f"2 to {MOST_CLASSES} are judged.")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def _bad(what: str, remedy: str) -> Invalid:
    return Invalid("bad_contract", f"The contract {what}.", remedy)
