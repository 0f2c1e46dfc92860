"""Promotions with their gates, checklists and reviews."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

from api.schemas.shared import Moment, OpenDefectAnswer, Sent, Words


class NewPromotion(Sent):
    to: Literal["Staging", "Production"]
    reason: Words = ""
    on_behalf_of: str = ""
    not_before: Moment | None = None


class NewReview(Sent):
    verdict: Literal["approve", "request_changes", "reject"]
    seal: str
    comment: Words = ""
    slot: str = ""
    ticks: list[str] = []


class SealSeen(Sent):
    seal: str


class OutcomeSeen(Sent):
    """`digest` is the gate's, as it was read: another one means that it has a new result (409)."""

    digest: str
    reason: Words


class NewWaiver(OutcomeSeen):
    expires_at: Moment | None = None


class NewReport(Sent):
    """`artifact` is the digest of what was checked; it must be the version's when it is sent."""

    outcome: Literal["passed", "failed"]
    summary: Words
    url: str = ""
    artifact: str = ""


class AnswerGiven(Sent):
    answer: Words


class ProgressAnswer(Schema):
    share: float
    word: str


class WaiverAnswer(Schema):
    by: str
    reason: str
    at: datetime
    expires_at: datetime | None


class GateAnswer(Schema):
    key: str
    kind: str
    title: str
    outcome: str
    summary: str
    provenance: str
    run: int
    digest: str
    acknowledged_by: str
    waiver: WaiverAnswer | None
    progress: ProgressAnswer | None


class ItemAnswer(Schema):
    item: str
    text: str
    slot: str
    ticked_by: str
    at: datetime | None


class SlotAnswer(Schema):
    slot: str
    title: str
    role: str
    count: int
    filled_by: list[str]


class ReviewAnswer(Schema):
    reviewer: str
    verdict: str
    slot: str
    comment: str
    at: datetime
    standing: bool


class PromotionAnswer(Schema):
    id: int
    model: str
    version: int
    label: str
    from_stage: str
    to_stage: str
    state: str
    state_title: str
    reason: str
    requested_by: str
    on_behalf_of: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    closed_because: str
    baseline: int | None
    expires_at: datetime | None
    not_before: datetime | None
    held_by: list[str]
    defects: list[OpenDefectAnswer]
    taken_over_by: list[str]
    policy: dict[str, Any]
    gates: list[GateAnswer]
    checklist: list[ItemAnswer]
    slots: list[SlotAnswer]
    reviews: list[ReviewAnswer]
    seal: str
    url: str


class PromotionLine(Schema):
    """A promotion in a list; the whole of it is at its own address."""

    id: int
    model: str
    version: int
    label: str
    from_stage: str
    to_stage: str
    state: str
    requested_by: str
    opened_at: datetime
    due_at: datetime | None
    url: str
