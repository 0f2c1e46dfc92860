"""What operators do at once, and the look at it afterwards."""

from datetime import datetime
from typing import Literal

from ninja import Schema

from api.schemas.shared import Sent, Words


class Operation(Sent):
    """`expected_live` is the number of the version believed to be live, 0 for none: anything else means something moved
    (409)."""

    reason: Words
    expected_live: int | None = None


class NewRollback(Operation):
    """`to` is the number of a version that was live before; without it, the previous one. With neither `to` nor
    `expected_live`, a second rollback within ten minutes is refused (409)."""

    to: int | None = None


class AfterReviewVerdict(Sent):
    verdict: Literal["accepted", "follow_up"]
    comment: Words = ""


class AfterReviewAnswer(Schema):
    id: int
    model: str
    cause: str
    subject: str
    reason: str
    actor: str
    promotion: int | None
    opened_at: datetime
    due_at: datetime
    verdict: str
    comment: str
    decided_by: str
    decided_at: datetime | None
    url: str
