from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.versions import Version


class CardRevision(models.Model):
    """One wording of a version's card, in Hugging Face's format. A revision is never changed, only followed."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="card_revisions")
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="YAML front matter and Markdown, as it was handed in, lines ended by LF.")
    digest = models.CharField(max_length=64)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version", "number"], name="one_card_revision_per_number"),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True, reviewed_at__isnull=True)
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="card_review_whole",
            ),
        )

    def __str__(self) -> str:
        return f"card revision {self.number} of {self.version}"


class CardSectionReview(models.Model):
    """A reviewer's mark that one section of a revision was read. Equal words in another revision stay read."""

    revision = models.ForeignKey(CardRevision, on_delete=models.PROTECT, related_name="section_reviews")
    section = models.CharField(max_length=200, help_text="Its title, for the reader; the digest is what was read.")
    digest = models.CharField(max_length=64, help_text="See registry.card_sections.Section.")
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["revision", "digest"], name="card_section_reviewed_once"),)

    def __str__(self) -> str:
        return f"{self.section} of {self.revision}"
