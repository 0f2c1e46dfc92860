"""What is live, what was, and what is looked at afterwards."""

from typing import Any, TypedDict

from assaydesk_client.answers.versions import Artifact


class Term(TypedDict):
    """A stay in Production; `until` is None for what is live now."""

    version: int
    label: str
    since: str
    until: str | None
    by: str
    because: str
    ended_how: str
    """moved_on, replaced, rolled_back, taken_down, archived; empty for what is live now."""
    ended_because: str


class AfterReview(TypedDict):
    """A look afterwards at what was done without asking first; `verdict` is empty until somebody decided."""

    id: int
    model: str
    cause: str
    subject: str
    reason: str
    actor: str
    promotion: int | None
    opened_at: str
    due_at: str
    verdict: str
    comment: str
    decided_by: str
    decided_at: str | None
    url: str


class Arm(TypedDict):
    version: int
    label: str
    weight: int
    since: str
    artifact: Artifact
    features: list[str]
    decision_threshold: float | None
    signature: dict[str, Any]
    task: str
    contract: dict[str, Any]


class Production(TypedDict):
    model: str
    arms: list[Arm]


class RolledBack(Production):
    """What is live after a rollback, and what is to be known of it."""

    warnings: list[str]
