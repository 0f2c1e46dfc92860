from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.datasets import DatasetVersion
from registry.models.models import Model
from registry.models.versions import Version


class Defect(models.Model):
    """A reported bug in something that versions are built on. While it is open, promotions of those that rest on it
    are held.

    Which versions rest on it is asked of the lineage each time and stored nowhere, so that it holds one registered
    later, too.
    """

    class Kind(models.TextChoices):
        DATASET = "dataset", "Dataset version"
        COMMIT = "commit", "Code commit"
        BASE = "base", "Base version"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    dataset_version = models.ForeignKey(DatasetVersion, null=True, on_delete=models.PROTECT, related_name="defects")
    code_commit = models.CharField(max_length=64, blank=True)
    base = models.ForeignKey(Version, null=True, on_delete=models.PROTECT, related_name="defects")
    reason = models.TextField(help_text="What is wrong with it.")
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(default=timezone.now)
    cleared_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField(null=True)
    cleared_because = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="dataset", dataset_version__isnull=False, code_commit="", base__isnull=True)
                | (Q(kind="commit", dataset_version__isnull=True, base__isnull=True) & ~Q(code_commit=""))
                | Q(kind="base", dataset_version__isnull=True, code_commit="", base__isnull=False),
                name="defect_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["dataset_version"], condition=Q(cleared_at__isnull=True), name="one_open_defect_per_dataset"
            ),
            models.UniqueConstraint(
                fields=["code_commit"],
                condition=Q(cleared_at__isnull=True) & ~Q(code_commit=""),
                name="one_open_defect_per_commit",
            ),
            models.UniqueConstraint(
                fields=["base"], condition=Q(cleared_at__isnull=True), name="one_open_defect_per_base"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="defect_gives_reason"),
            models.CheckConstraint(
                condition=Q(cleared_at__isnull=True, cleared_by__isnull=True, cleared_because="")
                | (Q(cleared_at__isnull=False, cleared_by__isnull=False) & ~Q(cleared_because="")),
                name="defect_cleared_whole",
            ),
        )

    def __str__(self) -> str:
        return f"bug in {self.thing}"

    @property
    def thing(self) -> str:
        """What has the bug, as people write it; it names a base version's model, which not everybody may see."""
        if self.dataset_version is not None:
            return str(self.dataset_version)
        return str(self.base) if self.base is not None else f"commit {self.code_commit[:12]}"

    def is_named_beside(self, model: Model) -> bool:
        """Whether every reader of this model may know what has the bug: another model's version may be hidden."""
        return self.base is None or self.base.model_id == model.pk

    def thing_beside(self, model: Model) -> str:
        """What has the bug, for readers of this model."""
        return self.thing if self.is_named_beside(model) else "its base version"

    @property
    def is_open(self) -> bool:
        return self.cleared_at is None
