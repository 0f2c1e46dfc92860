from django.db import models
from django.db.models import Q
from django.utils import timezone

from approvals.models.promotions import Promotion
from evidence.models import Provenance
from work.models import Job


class Outcome(models.TextChoices):
    """`waiting`: the answer comes from outside later. `stopped`: the promotion closed before the gate was through."""

    PENDING = "pending", "Running"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    ERROR = "error", "Error"
    WAITING = "waiting", "Waiting"
    STOPPED = "stopped", "Not finished"


class GateRun(models.Model):
    """One run of one gate for one promotion. A new run replaces the current one; the old one stays to be read."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="gate_runs")
    key = models.CharField(max_length=64, help_text="The gate's name in the policy.")
    kind = models.CharField(max_length=64)
    parameters = models.JSONField()
    position = models.PositiveIntegerField(help_text="Its place in the policy.")
    number = models.PositiveIntegerField(default=1, help_text="First run, second run, …")
    is_current = models.BooleanField(default=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.PENDING)
    summary = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    provenance = models.CharField(max_length=16, choices=Provenance.choices, blank=True)
    digest = models.CharField(
        max_length=64, blank=True, help_text="Of outcome, parameters and the evidence it rests on."
    )
    because = models.CharField(max_length=300, blank=True, help_text="Why it was run again.")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    queued_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["promotion", "key", "number"], name="one_gate_run_per_number"),
            models.UniqueConstraint(
                fields=["promotion", "key"], condition=Q(is_current=True), name="one_current_gate_run"
            ),
            models.CheckConstraint(
                condition=Q(outcome="pending", finished_at__isnull=True)
                | Q(outcome="stopped", finished_at__isnull=False)
                | (~Q(outcome__in=("pending", "stopped")) & Q(finished_at__isnull=False) & ~Q(digest="")),
                name="finished_gate_has_digest",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} of promotion {self.promotion_id}: {self.outcome}"
