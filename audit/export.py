"""The record as a file, event by event in constant memory: CSV for a spreadsheet, JSON Lines for checking."""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from django.utils import timezone

from audit.actions import Actor, begin_export
from audit.models import AuditEvent
from audit.queries import Filters, matching
from audit.spreadsheets import csv_lines

CHUNK = 500
_BEFORE_CHANGE = (
    *("id", "at", "actor", "actor_name", "on_behalf_of", "channel", "token", "address", "correlation", "verb"),
    *("subject_kind", "subject_id", "subject_name", "model_name"),
)
COLUMNS = (*_BEFORE_CHANGE, "before", "after", "reason", "digest", "stored_at")


@dataclass(frozen=True)
class Export:
    """A file in the making: `content` is read once, and asks the database as it goes."""

    name: str
    content_type: str
    content: Iterator[bytes]

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it over HTTP, by whichever door: it is saved under its name and kept nowhere on the way."""
        return {"Content-Disposition": f'attachment; filename="{self.name}"', "Cache-Control": "no-store"}


def export_events(
    filters: Filters, *, form: str, actor: Actor | None, visible_models: Collection[str] | None, account: str = ""
) -> Export:
    """The events that fit, oldest first, as a file of the form csv or jsonl; that it was taken is on the record.

    Raises ValueError for another form.
    """
    if form not in FORMS:
        raise ValueError(f"There is no form {form!r}; choose from {', '.join(FORMS)}.")
    newest = begin_export(filters, actor=actor, form=form, visible_models=visible_models, account=account)
    content_type, written = FORMS[form]
    name = f"assaydesk-audit-{timezone.now():%Y%m%dT%H%M%SZ}.{form}"
    return Export(name, content_type, written(_events(filters, visible_models, newest)))


def _events(filters: Filters, visible_models: Collection[str] | None, newest: int) -> Iterator[AuditEvent]:
    """Through `newest`, in chunks by key: no long transaction, no cursor to keep open."""
    wanted = matching(filters, visible_models=visible_models).order_by("id").filter(id__lte=newest)
    last = 0
    while chunk := list(wanted.filter(id__gt=last)[:CHUNK]):
        yield from chunk
        last = chunk[-1].pk


def _as_csv(events: Iterator[AuditEvent]) -> Iterator[bytes]:
    yield from (line.encode() for line in csv_lines([COLUMNS]))
    yield from (line.encode() for line in csv_lines(map(_cells, events)))


def _cells(event: AuditEvent) -> list[object]:
    """In the order of COLUMNS: times in ISO form in UTC, before and after as JSON, empty where there is nothing."""
    plain = {name: getattr(event, name) for name in COLUMNS}
    plain |= {name: plain[name].isoformat() for name in ("at", "stored_at")}
    plain |= {name: _as_json(plain[name]) for name in ("before", "after")}
    return [value if isinstance(value, int) else str(value) for value in plain.values()]


def _as_json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _as_json_lines(events: Iterator[AuditEvent]) -> Iterator[bytes]:
    """One object a line; `event` is the stored bytes themselves, those that `digest` is the SHA-256 of."""
    for event in events:
        told = {"id": event.pk, "stored_at": event.stored_at.isoformat(), "digest": event.digest}
        yield json.dumps(told, separators=(",", ":")).encode()[:-1] + b',"event":' + bytes(event.canonical) + b"}\n"


FORMS: dict[str, tuple[str, Callable[[Iterator[AuditEvent]], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _as_csv),
    "jsonl": ("application/x-ndjson", _as_json_lines),
}
