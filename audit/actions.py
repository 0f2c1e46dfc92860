"""Writing the record. Every action of every app calls `record` once, inside its own transaction."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone

from audit import events, origin
from audit.models import AuditEvent
from audit.queries import Filters
from audit.verbs import REGISTERED, Verb


class Actor(Protocol):
    """Whoever acts: a person or a service account."""

    @property
    def username(self) -> str: ...
    @property
    def display_name(self) -> str: ...


@dataclass(frozen=True)
class Subject:
    """What an event is about, as text that stays true when the row is gone."""

    kind: str
    id: str
    name: str
    model: str = ""


def record(
    verb: Verb,
    subject: Subject,
    *,
    actor: Actor | None,
    on_behalf_of: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEvent:
    """Appends one event; `actor=None` is Assaydesk itself.

    Raises ValueError for an unregistered verb and RuntimeError outside a transaction: an event that could
    be committed without its change, or the change without its event, would make the record worthless.
    """
    if REGISTERED.get(verb.name) is not verb:
        raise ValueError(f"The verb {verb.name} isn't registered.")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{verb.name} must be recorded inside the transaction of its change.")
    came = origin.present()
    event = AuditEvent(
        at=timezone.now(),
        actor=actor.username if actor else "",
        actor_name=actor.display_name if actor else "Assaydesk",
        on_behalf_of=on_behalf_of,
        channel=came.channel,
        token=came.token,
        address=came.address,
        correlation=came.correlation,
        verb=verb.name,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_name=subject.name,
        model_name=subject.model,
        before=before,
        after=after,
        reason=reason,
    )
    event.canonical = canonical_bytes(event)
    event.digest = hashlib.sha256(event.canonical).hexdigest()
    event.save()
    return event


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

HASHED_FIELDS = (
    *("actor", "actor_name", "on_behalf_of", "channel", "token", "address", "verb", "subject_kind"),
    *("subject_id", "subject_name", "model_name", "before", "after", "reason"),
)


def canonical_bytes(event: AuditEvent) -> bytes:
    """The event as JSON with sorted keys, no spaces, UTF-8, time in whole microseconds since 1970 as text."""
    fields = {name: getattr(event, name) for name in HASHED_FIELDS}
    microseconds = (event.at - _EPOCH) // _MICROSECOND
    fields |= {"scheme": 1, "at": str(microseconds), "correlation": str(event.correlation)}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@transaction.atomic
def begin_export(
    filters: Filters, *, actor: Actor | None, form: str, visible_models: Collection[str] | None, account: str = ""
) -> int:
    """Puts on the record that somebody takes the record away as a file; done before the first byte leaves.

    Answers with the id of the newest event the file holds, so that it is one state however long it takes; the
    export's own event comes after it. `account` is the machine's account that ran a command.
    """
    newest = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
    after: dict[str, object] = {"form": form, "filters": filters.told(), "through": newest}
    after["models"] = "all" if visible_models is None else sorted(visible_models)
    if account:
        after["account"] = account
    subject = Subject("record", form, "the record", model=filters.model)
    record(events.AUDIT_EXPORTED, subject, actor=actor, after=after)
    return newest
