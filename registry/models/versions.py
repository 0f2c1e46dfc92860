from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from registry.models.datasets import DatasetVersion
from registry.models.models import Model


class Stage(models.TextChoices):
    NONE = "None", "Registered"
    STAGING = "Staging", "Staging"
    PRODUCTION = "Production", "Production"
    ARCHIVED = "Archived", "Archived"


class Task(models.TextChoices):
    BINARY = "binary", "Yes or no"
    MULTICLASS = "multiclass", "One of several classes"
    REGRESSION = "regression", "A number"


class Version(models.Model):
    """One registered version. Once final, all but its description, tags, stage and deprecation is fixed."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=64, blank=True)
    stage = models.CharField(max_length=16, choices=Stage.choices, default=Stage.NONE)
    finalised_at = models.DateTimeField(null=True)
    deprecated_at = models.DateTimeField(null=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)

    task = models.CharField(max_length=16, choices=Task.choices)
    format = models.CharField(max_length=32, help_text="Format of the artifact: onnx, pickle, …")
    features = models.JSONField(help_text="Names of the inputs, in order.")
    signature = models.JSONField(default=dict)
    contract = models.JSONField(default=dict, help_text="How to feed it and read its answer; see registry.contracts.")
    parameters = models.JSONField(default=dict)
    framework = models.JSONField(default=dict)
    environment = models.JSONField(default=dict)
    decision_threshold = models.FloatField(null=True, help_text="Of binary models: yes from this score on.")
    artifact_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 over the manifest of files.")
    artifact_size = models.PositiveBigIntegerField(default=0, help_text="Bytes of all files.")

    code_repository = models.CharField(max_length=300, blank=True)
    code_commit = models.CharField(max_length=64, blank=True)
    trained_on = models.ManyToManyField(DatasetVersion, related_name="trained_versions")
    run_id = models.CharField(max_length=200, blank=True)
    base_model = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="derived_versions")
    base_uri = models.CharField(max_length=300, blank=True, help_text="Of a base model that isn't registered here.")

    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["model", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["model", "label"],
                condition=~Q(label="") & Q(finalised_at__isnull=False),
                name="one_final_version_per_label",
            ),
            models.CheckConstraint(
                condition=Q(stage="None") | Q(finalised_at__isnull=False), name="only_final_versions_have_a_stage"
            ),
            models.CheckConstraint(
                condition=Q(finalised_at__isnull=True) | ~Q(artifact_digest=""), name="final_version_has_artifact"
            ),
            models.CheckConstraint(
                condition=Q(task="binary", decision_threshold__gte=0, decision_threshold__lte=1)
                | (~Q(task="binary") & Q(decision_threshold__isnull=True)),
                name="binary_version_has_threshold",
            ),
            models.CheckConstraint(condition=Q(task__in=["binary", "multiclass", "regression"]), name="known_task"),
            models.CheckConstraint(
                condition=Q(base_model__isnull=True) | ~Q(base_model=F("id")), name="not_its_own_base"
            ),
            models.CheckConstraint(condition=Q(base_model__isnull=True) | Q(base_uri=""), name="one_base_at_most"),
        )
        indexes = (
            models.Index(fields=["model", "-number"], name="versions_newest_first"),
            models.Index(fields=["code_commit"], condition=~Q(code_commit=""), name="versions_by_commit"),
        )

    def __str__(self) -> str:
        return f"{self.model.name} {self.name}"

    @property
    def name(self) -> str:
        """What people call it: its label, or its number."""
        return self.label or f"v{self.number}"

    @property
    def is_final(self) -> bool:
        return self.finalised_at is not None


class ArtifactFile(models.Model):
    """One file of a version. Its bytes lie in the store under their SHA-256; the path is only a name."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "path"], name="one_file_per_path"),)
        ordering = ("path",)

    def __str__(self) -> str:
        return self.path
