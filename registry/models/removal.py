from django.db import models
from django.utils import timezone

from registry.models.versions import Version


class FilesRemoval(models.Model):
    """A version's bytes were given up: its rows and digests stay, and it can't be promoted any more."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="files_removal")
    removed_at = models.DateTimeField(default=timezone.now)
    removed_by = models.CharField(max_length=150, blank=True, help_text="Username; empty for Assaydesk itself.")
    finished_at = models.DateTimeField(null=True, help_text="When the last of its bytes was gone.")

    class Meta:
        indexes = (models.Index(fields=["finished_at"], name="removals_by_end"),)

    def __str__(self) -> str:
        return f"files of {self.version}, removed on {self.removed_at:%Y-%m-%d}"
