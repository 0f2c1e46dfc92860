"""Writing the record. Every action of every app calls `record` once, inside its own transaction."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone

from audit import origin
from audit.models import AuditEvent
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
