"""Reading the record, newest first, by key (never by offset)."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from audit.models import AuditEvent

PAGE_SIZE = 50


@dataclass(frozen=True)
class Filters:
    """What to look for; empty strings mean "any". `before` is the id of the last event already seen."""

    model: str = ""
    verb: str = ""
    actor: str = ""
    before: int | None = None


@dataclass(frozen=True)
class Page:
    events: list[AuditEvent]
    next_before: int | None


def events_page(filters: Filters, *, visible_models: Collection[str] | None, size: int = PAGE_SIZE) -> Page:
    """One page of events about the `visible_models` (names); None shows all, those about no model too."""
    found: QuerySet[AuditEvent] = AuditEvent.objects.defer("canonical").order_by("-id")
    if visible_models is not None:
        found = found.filter(model_name__in=visible_models)
    wanted = {"model_name": filters.model, "verb": filters.verb, "actor": filters.actor}
    found = found.filter(**{field: value for field, value in wanted.items() if value})
    if filters.before is not None:
        found = found.filter(id__lt=filters.before)
    events = list(found[: size + 1])
    more = len(events) > size
    return Page(events[:size], events[size - 1].pk if more else None)


def events_about(subject_kind: str, subject_id: str) -> QuerySet[AuditEvent]:
    """All events about one subject, oldest first."""
    return AuditEvent.objects.filter(subject_kind=subject_kind, subject_id=subject_id).defer("canonical").order_by("id")
