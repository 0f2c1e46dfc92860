from typing import Any, NoReturn

from django.db import models
from django.db.models.functions import Now

from audit.verbs import around_subject


class AppendOnly(Exception):
    """Somebody tried to change or remove what is on the record."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnly("Audit events are never changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit events are never removed.")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnly("Audit events are never changed.")


class AuditEvent(models.Model):
    """One thing that happened. It names its subjects as text, so it outlives them; it points at no other table."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=150, blank=True, help_text="Username; empty for Assaydesk itself.")
    actor_name = models.CharField(max_length=301)  # first and last name, 150 each
    on_behalf_of = models.CharField(max_length=150, blank=True)
    channel = models.CharField(max_length=16)
    token = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=64, blank=True)
    correlation = models.UUIDField()
    verb = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=400)
    model_name = models.CharField(max_length=128, blank=True, help_text="The model it concerns, if one.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    canonical = models.BinaryField(help_text="The event's bytes exactly as hashed.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical bytes, hexadecimal.")
    stored_at = models.DateTimeField(db_default=Now())

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["model_name", "-id"], name="audit_by_model"),
            models.Index(fields=["verb", "-id"], name="audit_by_verb"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="audit_by_subject"),
            models.Index(fields=["at"], name="audit_by_time"),
        )

    def __str__(self) -> str:
        return " ".join(filter(None, (self.actor_name, self.before_subject, self.subject_name, self.after_subject)))

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("Audit events are never changed.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnly("Audit events are never removed.")

    @property
    def before_subject(self) -> str:
        return around_subject(self.verb)[0]

    @property
    def after_subject(self) -> str:
        return around_subject(self.verb)[1]
