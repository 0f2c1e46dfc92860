"""What several kinds of call and answer share. Unknown keys are refused: a misspelt one must not pass in silence."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import ConfigDict, Field

#: What a person says: room for a thorough reason, as on the pages.
Words = Annotated[str, Field(max_length=10_000)]


class Sent(Schema):
    model_config = ConfigDict(extra="forbid")


class ReasonGiven(Sent):
    reason: Words


class Listing(Schema):
    items: list[Any]
    next_cursor: str | None
