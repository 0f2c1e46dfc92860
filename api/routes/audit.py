from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router

from accounts.reasons import Invalid, refuse_if
from accounts.roles import AUDIT
from api.auth import actor_of
from api.schemas import Listing
from audit.export import export_events
from audit.models import AuditEvent
from audit.periods import moment_from
from audit.queries import Filters, events_page
from registry.permissions import why_not_export
from registry.queries import models_on_record_for, name_on_record

router = Router(tags=["audit"])


@router.get("/audit", response=Listing)
def list_events(
    request: HttpRequest,
    *,
    model: str = "",
    verb: str = "",
    actor: str = "",
    promotion: int | None = None,
    since: str = "",
    until: str = "",
    cursor: int | None = None,
) -> dict[str, Any]:
    """The record, newest first: about the models you can see, or all of it for auditors. `since` and `until` are
    days (both included) or moments in ISO form; `promotion` is a promotion's number."""
    reader = actor_of(request)
    wanted = Filters(
        name_on_record(model, reader),
        verb,
        actor,
        before=cursor,
        since=_moment("since", since),
        until=_moment("until", until, as_end=True),
        promotion=promotion,
    )
    found = events_page(wanted, visible_models=models_on_record_for(reader))
    items = [_event_answer(event) for event in found.events]
    return {"items": items, "next_cursor": str(found.next_before) if found.next_before else None}


@router.get("/audit/export", response={200: None})
def export_record(
    request: HttpRequest,
    *,
    format: Literal["csv", "jsonl"] = "jsonl",
    model: str = "",
    verb: str = "",
    actor: str = "",
    promotion: int | None = None,
    since: str = "",
    until: str = "",
) -> StreamingHttpResponse:
    """The record of the models you audit as a file, oldest event first, whole and streamed. That you took it is
    itself on the record.

    JSON Lines: each line has `id`, `stored_at`, `digest` and `event`, which is byte for byte what `digest` is the
    SHA-256 of. CSV: a text that a spreadsheet would run as a formula, or that begins with an apostrophe, has one
    more apostrophe in front.
    """
    reader = actor_of(request)
    name = name_on_record(model, reader)
    refuse_if(why_not_export(reader, name))
    first, end = _moment("since", since), _moment("until", until, as_end=True)
    wanted = Filters(name, verb, actor, since=first, until=end, promotion=promotion)
    export = export_events(wanted, form=format, actor=reader, visible_models=models_on_record_for(reader, AUDIT))
    return StreamingHttpResponse(export.content, content_type=export.content_type, headers=export.headers)


def _moment(name: str, text: str, *, as_end: bool = False) -> datetime | None:
    try:
        return moment_from(text, as_end=as_end)
    except ValueError as error:
        raise Invalid("bad_time", f"{name}: {error}") from error


def _event_answer(event: AuditEvent) -> dict[str, Any]:
    fields = (
        *("id", "at", "actor", "on_behalf_of", "channel", "verb", "subject_kind", "subject_id", "subject_name"),
        *("model_name", "before", "after", "reason", "correlation", "digest"),
    )
    return {name: getattr(event, name) for name in fields}
