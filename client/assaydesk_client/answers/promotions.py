"""Promotions with their gates and marks."""

from typing import Any, TypedDict

from assaydesk_client.answers.versions import OpenDefect


class GateProgress(TypedDict):
    share: float
    word: str


class Gate(TypedDict):
    key: str
    kind: str
    title: str
    outcome: str
    """pending (still running), passed, failed, inconclusive, error, or waiting for a report."""
    summary: str
    provenance: str
    run: int
    """First run, second run, …"""
    digest: str
    """Of outcome, parameters and evidence: it names the outcome that an exception is for."""
    acknowledged_by: str
    waiver: dict[str, Any] | None
    progress: GateProgress | None


class ChecklistItem(TypedDict):
    item: str
    text: str
    slot: str
    ticked_by: str
    at: str | None


class Slot(TypedDict):
    slot: str
    title: str
    role: str
    count: int
    filled_by: list[str]


class Review(TypedDict):
    reviewer: str
    verdict: str
    slot: str
    comment: str
    at: str
    standing: bool


class PromotionLine(TypedDict):
    """A promotion in a list."""

    id: int
    model: str
    version: int
    label: str
    from_stage: str
    to_stage: str
    state: str
    requested_by: str
    opened_at: str
    due_at: str | None
    url: str


class Promotion(PromotionLine):
    """The whole of a promotion."""

    state_title: str
    reason: str
    on_behalf_of: str
    closed_at: str | None
    closed_because: str
    baseline: int | None
    """The live version's number that it was last compared with."""
    expires_at: str | None
    not_before: str | None
    held_by: list[str]
    """What keeps an approved promotion from going live yet."""
    defects: list[OpenDefect]
    """Reported bugs that hold it, or will once it is approved."""
    taken_over_by: list[str]
    policy: dict[str, Any]
    gates: list[Gate]
    checklist: list[ChecklistItem]
    slots: list[Slot]
    reviews: list[Review]
    seal: str
