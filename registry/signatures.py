"""What callers of a version rely on: its inputs and outputs, and what breaks them between two versions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.models import Version

#: What a version's contract may state about its answer.
_STATED = ("output", "positive_class", "classes")


@dataclass(frozen=True)
class Field:
    """One input or output. `type` is "" when the version doesn't state it."""

    name: str
    type: str = ""
    required: bool = True


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs in their order; `answer` maps what is stated about the answer to its text."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    answer: Mapping[str, str]


def signature_of(version: Version) -> Signature:
    """What the version states: its features, typed by the inputs of its signature where it has them.

    Inputs and outputs are lists of `{"name": …, "type": …, "required": …}`, as lists or as MLflow's JSON text;
    what has another shape states nothing.
    """
    typed = {field.name: field for field in _fields(version.signature.get("inputs"))}
    named = [typed.pop(name, Field(name)) for name in version.features]
    stated = version.contract
    answer = {"task": version.task} | {key: json.dumps(stated[key]) for key in _STATED if key in stated}
    return Signature((*named, *typed.values()), tuple(_fields(version.signature.get("outputs"))), answer)


def _fields(stated: Any) -> Iterator[Field]:
    if isinstance(stated, str):
        try:
            stated = json.loads(stated)
        except ValueError:
            return
    for entry in stated if isinstance(stated, list) else []:
        if isinstance(entry, dict):
            # A tensor without a name is the one that all features go into.
            kind = json.dumps(entry["tensor-spec"], sort_keys=True) if "tensor-spec" in entry else entry.get("type", "")
            yield Field(str(entry.get("name", "")), str(kind), entry.get("required", True) is not False)


def breaking_changes(before: Signature, after: Signature) -> list[str]:
    """What callers of `before` would stumble over in `after`, in words; empty when nothing breaks.

    Removed, renamed, retyped and reordered inputs, further inputs that are required, and any change of the
    outputs. What `before` stated and `after` leaves open counts as changed; what only `after` states doesn't.
    """
    return [
        *_moved_inputs(before.inputs, after.inputs),
        *_retyped("input", before.inputs, after.inputs),
        *_changed_outputs(before.outputs, after.outputs),
        *_changed_answer(before.answer, after.answer),
    ]


def _moved_inputs(before: tuple[Field, ...], after: tuple[Field, ...]) -> Iterator[str]:
    old, new = [field.name for field in before], [field.name for field in after]
    removed = [name for name in old if name not in new]
    required = {field.name for field in after if field.required}
    added = [name for name in new if name not in old and name in required]
    if len(removed) == len(added) == 1 and len(old) == len(new) and old.index(removed[0]) == new.index(added[0]):
        yield f"input {removed[0]} renamed to {added[0]}"
    else:
        yield from (f"input {name} removed" for name in removed)
        yield from (f"required input {name} added" for name in added)
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield "inputs reordered"


def _retyped(what: str, before: tuple[Field, ...], after: tuple[Field, ...]) -> Iterator[str]:
    types = {field.name: field.type for field in after}
    for field in before:
        if field.type and field.name in types and types[field.name] != field.type:
            yield f"{what} {field.name} changed from {field.type} to {types[field.name] or 'a type not stated'}"


def _changed_outputs(before: tuple[Field, ...], after: tuple[Field, ...]) -> Iterator[str]:
    old, new = [field.name for field in before], [field.name for field in after]
    if not old:
        return
    if old != new:
        yield f"outputs changed from {', '.join(old)} to {', '.join(new) or 'outputs not stated'}"
    yield from _retyped("output", before, after)


def _changed_answer(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key, stated in before.items():
        if after.get(key) != stated:
            now = after.get(key, "not stated")
            yield f"{key.replace('_', ' ')} changed from {_plain(stated)} to {_plain(now)}"


def _plain(text: str) -> str:
    return text.strip('"')
