from typing import Any

from django.http import HttpRequest
from ninja import Router

from accounts.access import may_everywhere, visible
from accounts.roles import AUDIT
from api.auth import actor_of
from api.schemas import Listing
from audit.models import AuditEvent
from audit.queries import Filters, events_page
from registry.models import Model

router = Router(tags=["audit"])


@router.get("/audit", response=Listing)
def list_events(
    request: HttpRequest, model: str = "", verb: str = "", actor: str = "", cursor: int | None = None
) -> dict[str, Any]:
    """The record, newest first: about the models you can see, or all of it for auditors."""
    reader = actor_of(request)
    names = visible(Model.objects.all(), actor=reader, model_path="pk").values_list("name", flat=True)
    visible_models = None if may_everywhere(reader, AUDIT) else list(names)
    found = events_page(Filters(model, verb, actor, before=cursor), visible_models=visible_models)
    items = [_event_answer(event) for event in found.events]
    return {"items": items, "next_cursor": str(found.next_before) if found.next_before else None}


def _event_answer(event: AuditEvent) -> dict[str, Any]:
    fields = (
        *("id", "at", "actor", "on_behalf_of", "channel", "verb", "subject_kind", "subject_id", "subject_name"),
        *("model_name", "before", "after", "reason", "correlation", "digest"),
    )
    return {name: getattr(event, name) for name in fields}
