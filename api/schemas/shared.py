"""What several kinds of call and answer share. Unknown keys are refused: a misspelt one must not pass in silence."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from audit.periods import YEARS

#: What a person says: room for a thorough reason, as on the pages.
Words = Annotated[str, Field(max_length=10_000)]


def _in_every_zone(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError(f"the year must be from {YEARS.start} to {YEARS.stop - 1}")
    return moment


#: A moment with its offset from UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_in_every_zone)]


class Sent(Schema):
    model_config = ConfigDict(extra="forbid")


class ReasonGiven(Sent):
    reason: Words


class OpenDefectAnswer(Schema):
    """A reported bug that is open. `holds`: promotions are held by it; otherwise a version was only measured on the
    data, and its figures are in doubt. Of a base version that the caller can't see only `thing` and `reported_at`."""

    id: int | None
    thing: str
    reason: str
    reported_by: str
    reported_at: datetime
    holds: bool
    url: str


class Listing(Schema):
    items: list[Any]
    next_cursor: str | None
