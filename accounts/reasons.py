"""Why something can't be done: as an answer (`Reason`) and as an exception (`Refusal`) both doors understand."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Reason:
    """A refusal in words. `code` is stable, `text` says what is in the way, `remedy` what to do or who can."""

    code: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}".strip()


class PersonalReason(Reason):
    """A reason that lies with the person, not with the moment: waiting doesn't help, somebody else may."""


class Refusal(Exception):
    """Something was asked for that can't be done; nothing was changed. `details` go to programs as they are."""

    status: ClassVar[int] = 422

    def __init__(self, code: str, text: str, remedy: str = "", **details: Any) -> None:
        super().__init__(f"{text} {remedy}".strip())
        self.reason = Reason(code, text, remedy)
        self.details = details

    @classmethod
    def because(cls, reason: Reason) -> "Refusal":
        return cls(reason.code, reason.text, reason.remedy)


class Invalid(Refusal):
    """What was sent is wrong."""


class NotFound(Refusal):
    """It isn't there, or not for this person: the answer is the same."""

    status = 404


class Forbidden(Refusal):
    """The person sees it but may not do this."""

    status = 403


class Conflict(Refusal):
    """It can't be done in the present state."""

    status = 409


class PromotionMoved(Conflict):
    """Too late, not forbidden: something changed since the reader's page was drawn."""


class TooLarge(Refusal):
    """More bytes than the installation takes."""

    status = 413


def refuse_if(reason: Reason | None) -> None:
    """Raises Forbidden for a reason that lies with the person and Conflict for any other; nothing without one."""
    if reason is not None:
        raise Forbidden.because(reason) if isinstance(reason, PersonalReason) else Conflict.because(reason)


def demand(words: str, otherwise: str, remedy: str = "") -> str:
    """The words somebody must give, without the space around them. Raises Invalid, saying `otherwise`, for none."""
    if not words.strip():
        raise Invalid("no_reason", otherwise, remedy)
    return words.strip()
