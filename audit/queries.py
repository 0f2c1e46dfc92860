"""Reading the record, newest first, by key (never by offset)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from audit.models import AuditEvent

PAGE_SIZE = 50


@dataclass(frozen=True)
class Filters:
    """What to look for; empty strings and None mean "any". `before` is the id of the last event already seen,
    `since` the first moment that counts and `until` the first that doesn't; `promotion` is a promotion's number."""

    model: str = ""
    verb: str = ""
    actor: str = ""
    before: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    promotion: int | None = None

    def told(self) -> dict[str, str]:
        """What is looked for, by name, as text."""
        moments = {"since": self.since, "until": self.until}
        words = {"model": self.model, "verb": self.verb, "actor": self.actor}
        words |= {name: moment.isoformat() for name, moment in moments.items() if moment}
        words["promotion"] = "" if self.promotion is None else str(self.promotion)
        return {name: text for name, text in words.items() if text}


@dataclass(frozen=True)
class Page:
    events: list[AuditEvent]
    next_before: int | None


def matching(filters: Filters, *, visible_models: Collection[str] | None) -> QuerySet[AuditEvent]:
    """The events that fit, about the `visible_models` (names); None takes all, those about no model too."""
    words = {"model_name": filters.model, "verb": filters.verb, "actor": filters.actor}
    moments = {"at__gte": filters.since, "at__lt": filters.until}
    about = filters.promotion
    subject = {} if about is None else {"subject_kind": "promotion", "subject_id": str(about)}
    wanted = {name: value for name, value in {**words, **moments, **subject}.items() if value}
    found: QuerySet[AuditEvent] = AuditEvent.objects.filter(**wanted)
    return found if visible_models is None else found.filter(model_name__in=visible_models)


def events_page(filters: Filters, *, visible_models: Collection[str] | None, size: int = PAGE_SIZE) -> Page:
    """One page of events about the `visible_models` (names); None shows all, those about no model too."""
    found = matching(filters, visible_models=visible_models).defer("canonical").order_by("-id")
    if filters.before is not None:
        found = found.filter(id__lt=filters.before)
    events = list(found[: size + 1])
    more = len(events) > size
    return Page(events[:size], events[size - 1].pk if more else None)


def events_about(subject_kind: str, subject_id: str) -> QuerySet[AuditEvent]:
    """All events about one subject, oldest first."""
    return AuditEvent.objects.filter(subject_kind=subject_kind, subject_id=subject_id).defer("canonical").order_by("id")
