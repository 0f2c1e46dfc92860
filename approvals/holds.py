"""What keeps an approved promotion from being completed yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.clock import by_the_clock
from approvals.defects import defects_in_the_way
from approvals.gates.integrity import Integrity
from approvals.models import Outcome, Promotion
from approvals.standing import Marks
from registry.models import Defect, Model

_MENDED_PERHAPS_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Hold:
    """One thing that must come first. `until`: when it ends, or may have; None when it waits for somebody's word."""

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
        holds.append(Hold(f"It was asked for not before {by_the_clock(wished)}.", wished))
    window, earliest = marks.document.change_window, max(now, wished) if wished else now
    if window is not None and (opening := window.opening(earliest)) > earliest:
        holds.append(Hold(f"The change window is {window}: it opens {by_the_clock(opening)}.", opening))
    if _is_damaged(marks):
        text = f"The stored files of {marks.promotion.version} are damaged: restore them, then run integrity again."
        holds.append(Hold(text, now + _MENDED_PERHAPS_AFTER))
    return holds + defect_holds(marks.promotion)


def defect_holds(promotion: Promotion) -> list[Hold]:
    """A hold for each open bug; whoever clears it has the promotion looked at again."""
    return [Hold(_said_of(each, promotion.version.model), None) for each in defects_in_the_way(promotion)]


def _said_of(defect: Defect, model: Model) -> str:
    """For every reader of the model: what is wrong with another model's version may be hidden from them."""
    if not defect.is_named_beside(model):
        return f"A bug is reported in {defect.thing_beside(model)}."
    return f"{defect.reported_by.display_name} reports a bug in {defect.thing_beside(model)}: {defect.reason[:300]}"


def _is_damaged(marks: Marks) -> bool:
    """Whether damage was found after the promotion's own gate had read the files, which may be long ago."""
    check = getattr(marks.promotion.version, "integrity", None)
    if check is None or check.intact is not False:
        return False
    passed = [run for run in marks.runs if run.kind == Integrity.kind and run.outcome == Outcome.PASSED]
    return not any(run.finished_at is not None and run.finished_at > check.checked_at for run in passed)


def next_look(holds: list[Hold]) -> datetime | None:
    """When everything that ends by itself has ended; None while somebody's word is awaited."""
    ends = [hold.until for hold in holds]
    return None if None in ends else max(end for end in ends if end is not None)
