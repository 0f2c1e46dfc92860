from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.models import Model
from registry.models.versions import Stage, Version


class TrafficPlan(models.Model):
    """Which versions share a model's Production traffic. Plans are replaced, never changed; one is current."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="traffic_plans")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["model"], condition=Q(ended_at__isnull=True), name="one_current_plan"),
        )

    def __str__(self) -> str:
        return f"traffic of {self.model} since {self.started_at:%Y-%m-%d %H:%M}"


class TrafficArm(models.Model):
    """One version's share of a plan; the weights of a plan sum to 100."""

    plan = models.ForeignKey(TrafficPlan, on_delete=models.PROTECT, related_name="arms")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="arms")
    weight = models.PositiveSmallIntegerField(help_text="Percent.")
    live_since = models.DateTimeField(help_text="When it went live last, through however many plans.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "version"], name="one_arm_per_version"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="weight_is_percent"),
        )

    def __str__(self) -> str:
        return f"{self.version}: {self.weight}%"


class EndedHow(models.TextChoices):
    MOVED_ON = "moved_on", "Moved on"
    REPLACED = "replaced", "Replaced"
    ROLLED_BACK = "rolled_back", "Rolled back"
    TAKEN_DOWN = "taken_down", "Taken down"
    ARCHIVED = "archived", "Archived"


class StageTerm(models.Model):
    """A stretch of time a version spent in a stage, with what began and what ended it (names as text)."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="terms")
    stage = models.CharField(max_length=16, choices=Stage.choices)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=150, help_text="Username; empty for Assaydesk itself.", blank=True)
    started_because = models.CharField(max_length=200, help_text='"promotion 12", "rollback"')
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=16, choices=EndedHow.choices, blank=True)
    ended_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version"], condition=Q(ended_at__isnull=True), name="one_term_at_a_time"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_how="") | (Q(ended_at__isnull=False) & ~Q(ended_how="")),
                name="ended_term_says_how",
            ),
        )
        indexes = (models.Index(fields=["stage", "started_at"], name="terms_by_stage"),)

    def __str__(self) -> str:
        return f"{self.version} in {self.stage}"
