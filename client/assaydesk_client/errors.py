"""What can go wrong, as exceptions. Each says what happened and, where there is one, the remedy."""

from collections.abc import Mapping
from typing import Any

from assaydesk_client.exits import Exit


class AssaydeskError(Exception):
    """Anything this package raises on purpose."""

    exit_code = Exit.UNREACHABLE

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy


class Misuse(AssaydeskError):
    """The caller's side is wrong: an unreadable file, metadata that aren't a table, no token."""

    exit_code = Exit.USAGE


class Unreachable(AssaydeskError):
    """No connection, a server error, or an answer that isn't Assaydesk's."""


class Corrupted(AssaydeskError):
    """Received bytes don't match the digest that the registry recorded for them."""


class TimedOut(AssaydeskError):
    """A promotion was still undecided, or a comparison not made, when the time to wait was over."""

    exit_code = Exit.TIMED_OUT


class Refused(AssaydeskError):
    """The server understood and said no. `code` is stable; `details` holds the problem's further members."""

    exit_code = Exit.REFUSED

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        title = problem.get("title") or f"refused with status {status}"
        super().__init__(str(problem.get("detail") or title), str(problem.get("remedy") or ""))
        self.status = status
        self.code = str(problem.get("code") or "")
        self.details = dict(problem)


class NotAllowed(Refused):
    """The token is missing, expired or has no right to this (401, 403)."""

    exit_code = Exit.NOT_ALLOWED


class PromotionMoved(Refused):
    """Something the review rests on changed meanwhile; nothing was recorded. `moved` names the parts."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem)
        self.moved = [str(part) for part in problem.get("moved") or []]


def refusal(status: int, problem: Mapping[str, Any]) -> Refused:
    """The exception for a problem document (RFC 9457) that came with a 4xx status."""
    if status in (401, 403):
        return NotAllowed(status, problem)
    if problem.get("code") == "promotion_moved":
        return PromotionMoved(status, problem)
    return Refused(status, problem)
