from django.db import models
from django.db.models import Q

from registry.models.versions import Version


class IntegrityCheck(models.Model):
    """What reading a version's stored files again came to last, and when that is due again."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="integrity")
    due_at = models.DateTimeField(null=True, help_text="Empty when there is nothing to read any more.")
    checked_at = models.DateTimeField(null=True)
    intact = models.BooleanField(null=True, help_text="Empty before the first time.")
    damaged = models.JSONField(default=list, help_text="Paths of files that are gone or have changed.")
    since = models.DateTimeField(null=True, help_text="When this result was first found.")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(intact__isnull=True, checked_at__isnull=True)
                | Q(intact__isnull=False, checked_at__isnull=False, since__isnull=False),
                name="integrity_result_has_its_time",
            ),
        )
        indexes = (models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="integrity_due"),)

    def __str__(self) -> str:
        return f"files of {self.version}: {'not read yet' if self.intact is None else self.intact}"
