"""What keeps an approved promotion from being completed yet."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime

from approvals.models import Outcome
from approvals.standing import Marks


@dataclass(frozen=True)
class Hold:
    """One thing that must come first. `until` is when it ends by itself; None when it waits for somebody's word."""

    text: str
    until: datetime | None


def holds_of(marks: Marks, now: datetime) -> list[Hold]:
    """Everything that holds the promotion back at `now`; empty when it can be completed at once."""
    holds = [
        Hold(f"{marks.document.gate(run.key).shown_title} is still waiting: {run.summary}", None)
        for run in marks.runs
        if run.outcome == Outcome.WAITING
    ]
    wished = marks.promotion.not_before
    if wished is not None and wished > now:
        holds.append(Hold(f"It was asked for not before {_shown(wished)}.", wished))
    window, earliest = marks.document.change_window, max(now, wished) if wished else now
    if window is not None and (opening := window.opening(earliest)) > earliest:
        holds.append(Hold(f"The change window is {window}: it opens {_shown(opening)}.", opening))
    return holds


def next_look(holds: list[Hold]) -> datetime | None:
    """When everything that ends by itself has ended; None while somebody's word is awaited."""
    ends = [hold.until for hold in holds]
    return None if None in ends else max(end for end in ends if end is not None)


def _shown(moment: datetime) -> str:
    return date_format(localtime(moment), "j F Y H:i e")
