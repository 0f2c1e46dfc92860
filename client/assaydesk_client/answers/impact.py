"""What rests on data, code or a base."""

from typing import Any, TypedDict


class BuiltVersion(TypedDict):
    """A version that rests on something: it names the thing, is derived from one that does, or was evaluated on it."""

    model: str
    version: int
    label: str
    stage: str
    named: bool
    inherited: bool
    evaluated_on: bool
    url: str


class Impact(TypedDict):
    """What was built on something, what is live first; `defect` is the open bug in it."""

    kind: str
    thing: str
    models: list[str]
    versions: list[BuiltVersion]
    more_versions: bool
    hidden: int
    promotions: list[dict[str, Any]]
    more_promotions: bool
    policies: list[dict[str, Any]]
    defect: dict[str, Any] | None
