from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from approvals.models.gates import GateRun
from approvals.models.promotions import Promotion


class Verdict(models.TextChoices):
    APPROVE = "approve", "Approved"
    REQUEST_CHANGES = "request_changes", "Requested changes"
    REJECT = "reject", "Rejected"


class Review(models.Model):
    """A person's verdict, bound to the seal they saw. An approval that fell stays on record with `fell_at`."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    slot = models.CharField(max_length=64, blank=True)
    seat = models.PositiveIntegerField(default=0, help_text="Which of the slot's places it fills.")
    comment = models.TextField(blank=True)
    seal = models.CharField(max_length=64)
    parts = models.JSONField(help_text="The seal's parts as they were: name to digest.")
    channel = models.CharField(max_length=16)
    at = models.DateTimeField(default=timezone.now)
    fell_at = models.DateTimeField(null=True)
    fell_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["promotion", "reviewer"],
                condition=Q(verdict="approve", fell_at__isnull=True),
                name="one_slot_per_person",
            ),
            models.UniqueConstraint(
                fields=["promotion", "slot", "seat"],
                condition=Q(verdict="approve", fell_at__isnull=True),
                name="one_person_per_seat",
            ),
            models.CheckConstraint(condition=~Q(verdict="approve") | ~Q(slot=""), name="approval_fills_a_slot"),
            models.CheckConstraint(condition=Q(verdict="approve") | ~Q(comment=""), name="refusal_gives_reason"),
        )

    def __str__(self) -> str:
        return f"{self.reviewer} {self.get_verdict_display().lower()} promotion {self.promotion_id}"


class Tick(models.Model):
    """A checklist item that a person looked at and marked, bound to the seal's parts it rests on."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="ticks")
    item = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    parts = models.JSONField()
    at = models.DateTimeField(default=timezone.now)
    fell_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["promotion", "item"], condition=Q(fell_at__isnull=True), name="one_standing_tick"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item} ticked by {self.by}"


class Acknowledgement(models.Model):
    """A slot holder's word that an inconclusive outcome was seen and is acceptable, and why."""

    gate_run = models.OneToOneField(GateRun, on_delete=models.PROTECT, related_name="acknowledgement")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.gate_run.key} acknowledged by {self.by}"
