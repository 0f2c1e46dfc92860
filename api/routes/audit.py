from typing import Any

from django.http import HttpRequest
from ninja import Router

from api.auth import actor_of
from api.schemas import Listing
from audit.models import AuditEvent
from audit.queries import Filters, events_page
from registry.queries import models_on_record_for

router = Router(tags=["audit"])


@router.get("/audit", response=Listing)
def list_events(
    request: HttpRequest, model: str = "", verb: str = "", actor: str = "", cursor: int | None = None
) -> dict[str, Any]:
    """The record, newest first: about the models you can see, or all of it for auditors."""
    reader = actor_of(request)
    found = events_page(Filters(model, verb, actor, before=cursor), visible_models=models_on_record_for(reader))
    items = [_event_answer(event) for event in found.events]
    return {"items": items, "next_cursor": str(found.next_before) if found.next_before else None}


def _event_answer(event: AuditEvent) -> dict[str, Any]:
    fields = (
        *("id", "at", "actor", "on_behalf_of", "channel", "verb", "subject_kind", "subject_id", "subject_name"),
        *("model_name", "before", "after", "reason", "correlation", "digest"),
    )
    return {name: getattr(event, name) for name in fields}
