"""What happened to a promotion, from the record, in sentences."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from approvals import events
from approvals.models import Promotion
from approvals.policies import Document
from audit.models import AuditEvent
from audit.queries import events_about
from dashboard import times
from dashboard.statuses import GATES

EVENTS_SHOWN = 100

#: Makes a line of an event, its `after` as a mapping, and the policy's document.
Telling = Callable[[AuditEvent, dict[str, Any], Document], "Line"]


@dataclass(frozen=True)
class Line:
    """One event: `subject` in bold, then `words`; a person's punch or a status's icon before it."""

    at: datetime
    subject: str
    words: str
    who: str = ""
    status: str = ""
    struck: bool = False
    quote: str = ""


@dataclass(frozen=True)
class Timeline:
    """Newest last. `earlier` is the id before which older events are found, None when all are shown."""

    lines: list[Line]
    earlier: int | None


def timeline_of(promotion: Promotion, document: Document, *, before: int | None = None) -> Timeline:
    """The last events before an id, or the last of all; one query."""
    found = events_about("promotion", str(promotion.pk))
    if before is not None:
        found = found.filter(id__lt=before)
    newest_first = list(found.order_by("-id")[: EVENTS_SHOWN + 1])
    shown = newest_first[:EVENTS_SHOWN][::-1]
    earlier = shown[0].pk if len(newest_first) > EVENTS_SHOWN else None
    return Timeline([line_of(event, document) for event in shown], earlier)


def line_of(event: AuditEvent, document: Document) -> Line:
    """The event as a sentence; one with no wording of its own here gets that of its verb."""
    after = event.after if isinstance(event.after, dict) else {}
    told = _TOLD.get(event.verb)
    if told is None:
        return _line(event, f"{event.before_subject} {event.subject_name} {event.after_subject}".strip())
    return told(event, after, document)


def _line(event: AuditEvent, words: str, *, status: str = "", struck: bool = False) -> Line:
    """A person's act shows their punch; what Assaydesk did by itself shows a status."""
    own = not event.actor
    if event.on_behalf_of:
        words = f"{words}, on behalf of {event.on_behalf_of}"
    return Line(
        at=event.at,
        subject=event.actor_name,
        words=words,
        who="" if own else event.actor_name,
        status=(status or "done") if own else "",
        struck=struck,
        quote=event.reason,
    )


def _saying(words: str, *, status: str = "") -> Telling:
    return lambda event, _after, _document: _line(event, words, status=status)


def _opened(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    return _line(event, f"asked for {after.get('to', 'a promotion')}")


def _gate_title(document: Document, key: str) -> str:
    return next((rule.shown_title for rule in document.gates if rule.key == key), key)


def _gate_finished(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    outcome = str(after.get("outcome", ""))
    status = outcome if outcome in GATES else "error"
    words = _OUTCOMES.get(outcome, "ended in an error")
    title = _gate_title(document, str(after.get("gate", "")))
    return Line(event.at, title, f"{words}: {after.get('summary', '')}", status=status)


def _gate_reported(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    title, outcome = _gate_title(document, str(after.get("gate", ""))), after.get("outcome", "")
    return _line(event, f"reported {title}: {outcome}, {after.get('summary', '')}")


def _waived(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    words = f"waived {_gate_title(document, str(after.get('gate', '')))}"
    until = parse_datetime(str(after.get("until", "")))
    return _line(event, f"{words} until {times.clock(until, event.at)}" if until else words)


def _waiver_voided(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    title = _gate_title(document, str(after.get("gate", "")))
    return _line(event, f"ended the waiver of {title}", status="waived")


def _held(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    until = parse_datetime(str(after.get("until") or ""))
    words = "holds it back, with every mark given"
    return _line(event, f"{words}, until {times.clock(until, event.at)}" if until else words, status="waiting")


def _restarted(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    return _line(event, f"restarted it under {after.get('policy', 'another policy revision')}")


def _gate_rerun(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    return _line(event, f"ran {_gate_title(document, str(after.get('gate', '')))} again")


def _acknowledged(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    return _line(event, f"accepted {_gate_title(document, str(after.get('gate', '')))} as inconclusive")


def _review_started(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    due = parse_datetime(str(after.get("due", "")))
    return _line(
        event,
        f"put it before its reviewers, due {times.clock(due, event.at)}" if due else "put it before its reviewers",
        status="in_review",
    )


def _blocked(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    titles = [_gate_title(document, str(key)) for key in after.get("failed", [])]
    return _line(event, f"blocked it: {', '.join(titles)} must pass or be waived first", status="blocked")


def _ticked(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    return _line(event, f"ticked “{after.get('text', '')}”")


def _approved(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    slot = document.slot(str(after.get("slot", "")))
    return _line(event, f"approved for {slot.title}" if slot else "approved", struck=True)


def _completed(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    replaced = ", ".join(map(str, after.get("replaced", [])))
    words = f"completed it: {after.get('stage', '')} has it now"
    return _line(event, f"{words}, in place of {replaced}" if replaced else words, status="completed")


def _baseline_moved(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    live = after.get("baseline") or "nothing"
    return _line(event, f"compares it anew: {live} is live now", status="rerun")


def _marks_fell(event: AuditEvent, after: dict[str, Any], document: Document) -> Line:
    fell, changed = ", ".join(map(str, after.get("fell", []))), ", ".join(map(str, after.get("changed", [])))
    return _line(event, f"dropped the {fell}, because {changed} changed", status="rerun")


_OUTCOMES = {
    "passed": "passed",
    "failed": "failed",
    "inconclusive": "is inconclusive",
    "waiting": "waits for an answer from outside",
}

_TOLD: dict[str, Telling] = {
    events.PROMOTION_OPENED.name: _opened,
    events.GATE_FINISHED.name: _gate_finished,
    events.GATE_RERUN.name: _gate_rerun,
    events.GATE_ACKNOWLEDGED.name: _acknowledged,
    events.GATE_REPORTED.name: _gate_reported,
    events.GATE_WAIVED.name: _waived,
    events.WAIVER_VOIDED.name: _waiver_voided,
    events.REVIEW_STARTED.name: _review_started,
    events.PROMOTION_BLOCKED.name: _blocked,
    events.ITEM_TICKED.name: _ticked,
    events.PROMOTION_APPROVED.name: _approved,
    events.CHANGES_REQUESTED.name: _saying("requested changes"),
    events.PROMOTION_RESUBMITTED.name: _saying("resubmitted it"),
    events.PROMOTION_REJECTED.name: _saying("rejected it"),
    events.PROMOTION_WITHDRAWN.name: _saying("withdrew it"),
    events.PROMOTION_SUPERSEDED.name: _saying("closed it as superseded", status="superseded"),
    events.PROMOTION_EXPIRED.name: _saying("closed it: its time was over", status="expired"),
    events.PROMOTION_HELD.name: _held,
    events.PROMOTION_REOPENED.name: _saying("put it before its reviewers again", status="in_review"),
    events.PROMOTION_RESTARTED.name: _restarted,
    events.PROMOTION_TAKEN_OVER.name: _saying("took it over"),
    events.PROMOTION_COMPLETED.name: _completed,
    events.BASELINE_MOVED.name: _baseline_moved,
    events.MARKS_FELL.name: _marks_fell,
    events.COMMENTED.name: _saying("commented"),
}
