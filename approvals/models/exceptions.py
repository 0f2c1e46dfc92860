from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from approvals.models.gates import GateRun
from approvals.models.promotions import Promotion
from registry.models import Model


class Waiver(models.Model):
    """A person's exception for one failed outcome. A new result of the gate voids it, unless it is the same again."""

    gate_run = models.ForeignKey(GateRun, on_delete=models.PROTECT, related_name="waivers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, help_text="Until when it holds; empty: for this promotion.")
    voided_at = models.DateTimeField(null=True)
    voided_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["gate_run"], condition=Q(voided_at__isnull=True), name="one_standing_waiver"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_gives_reason"),
        )
        indexes = (
            models.Index(fields=["expires_at"], condition=Q(voided_at__isnull=True), name="standing_waivers_by_expiry"),
        )

    def __str__(self) -> str:
        return f"waiver of {self.gate_run.key} by {self.by}"

    @property
    def has_ended(self) -> bool:
        """Whether its time is over, even if nobody has voided it yet."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class AfterReview(models.Model):
    """A look afterwards at what was done without asking first: somebody else says whether it was right."""

    class Cause(models.TextChoices):
        ROLLBACK = "rollback", "Rollback"
        TAKE_DOWN = "take_down", "Take-down"
        WAIVER_EXPIRED = "waiver_expired", "Waiver ended"

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        FOLLOW_UP = "follow_up", "Needs follow-up"

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="after_reviews")
    cause = models.CharField(max_length=16, choices=Cause.choices)
    subject = models.CharField(max_length=300, help_text="What was done, in words.")
    reason = models.TextField(blank=True, help_text="Why, in the words of who did it.")
    promotion = models.ForeignKey(Promotion, null=True, on_delete=models.PROTECT, related_name="after_reviews")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", help_text="Who did it: never the judge."
    )
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    verdict = models.CharField(max_length=16, choices=Verdict.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    comment = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(verdict="", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(verdict="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="after_review_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("actor")), name="after_review_four_eyes"
            ),
            models.CheckConstraint(condition=~Q(verdict="follow_up") | ~Q(comment=""), name="follow_up_says_what"),
        )
        indexes = (models.Index(fields=["due_at"], condition=Q(verdict=""), name="open_after_reviews_by_due"),)

    def __str__(self) -> str:
        return f"after-review {self.pk}: {self.subject}"
