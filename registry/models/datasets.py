from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from registry.models.models import valid_name


class Dataset(models.Model):
    """A family of dataset versions with one name."""

    name = models.CharField(max_length=128, validators=[valid_name])
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    versions_registered = models.PositiveIntegerField(default=0, help_text="The newest version's number.")

    class Meta:
        constraints = (models.UniqueConstraint(Lower("name"), name="dataset_name_taken"),)

    def __str__(self) -> str:
        return self.name


class DatasetVersion(models.Model):
    """A pinned pointer to data: what it names can't change under it."""

    class Kind(models.TextChoices):
        GIT = "git", "Git commit"
        DVC = "dvc", "DVC revision"
        TABLE = "table", "Table snapshot"
        OBJECT = "object", "Object with digest"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    location = models.CharField(max_length=500)
    pin = models.CharField(max_length=128)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["dataset", "number"], name="one_dataset_version_per_number"),
            models.UniqueConstraint(fields=["dataset", "kind", "location", "pin"], name="one_pointer_once"),
        )

    def __str__(self) -> str:
        return f"{self.dataset.name}@{self.number}"
