from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from approvals.models.policies import PolicyRevision
from registry.models import Stage, Version


class State(models.TextChoices):
    CHECKING = "checking", "Checking"
    BLOCKED = "blocked", "Blocked"
    IN_REVIEW = "in_review", "Awaiting review"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    APPROVED = "approved", "Approved"
    COMPLETED = "completed", "Completed"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    SUPERSEDED = "superseded", "Superseded"


OPEN_STATES = (State.CHECKING, State.BLOCKED, State.IN_REVIEW, State.CHANGES_REQUESTED, State.APPROVED)
_OPEN = Q(state__in=("checking", "blocked", "in_review", "changes_requested", "approved"))


class Promotion(models.Model):
    """The wish to move one version to one stage, and how it went. `approvals.transitions` says what may follow what."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="promotions")
    from_stage = models.CharField(max_length=16, choices=Stage.choices)
    to_stage = models.CharField(max_length=16, choices=Stage.choices)
    state = models.CharField(max_length=24, choices=State.choices, default=State.CHECKING)
    policy_revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="promotions")
    baseline = models.ForeignKey(
        Version, null=True, on_delete=models.PROTECT, related_name="+", help_text="Live when it was last compared."
    )
    seal = models.CharField(
        max_length=64, blank=True, help_text="Digest of the newest seal; empty until all gates ran."
    )
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="promotions")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    review_started_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    next_reminder_at = models.DateTimeField(
        null=True, help_text="While in review: when to write to its reviewers again, or to whom it is escalated."
    )
    expires_at = models.DateTimeField(null=True, help_text="Closed as expired when it is still open then.")
    not_before = models.DateTimeField(null=True, help_text="Not to be completed earlier, by its requester's wish.")
    look_again_at = models.DateTimeField(
        null=True, help_text="While approved: when what holds it back may have ended; empty: a gate will tell."
    )
    closed_at = models.DateTimeField(null=True)
    closed_because = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version", "to_stage"], condition=_OPEN, name="one_open_promotion"),
            models.CheckConstraint(
                condition=(_OPEN & Q(closed_at__isnull=True)) | (~_OPEN & Q(closed_at__isnull=False)),
                name="closed_when_closed",
            ),
            models.CheckConstraint(condition=~Q(from_stage=F("to_stage")), name="promotion_goes_somewhere"),
            models.CheckConstraint(
                condition=~Q(from_stage="None", to_stage="Production"), name="staging_comes_before_production"
            ),
        )
        indexes = (
            models.Index(fields=["due_at", "id"], condition=_OPEN, name="open_promotions_by_due"),
            models.Index(fields=["-closed_at"], name="decided_newest_first"),
            models.Index(fields=["expires_at"], condition=_OPEN, name="open_promotions_by_expiry"),
            models.Index(fields=["look_again_at"], condition=Q(state="approved"), name="approved_by_next_look"),
            models.Index(fields=["next_reminder_at"], condition=Q(state="in_review"), name="reviews_by_next_reminder"),
        )

    def __str__(self) -> str:
        return f"promotion {self.pk}: {self.version} to {self.to_stage}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class TakeOver(models.Model):
    """A contributor stepped in for a requester who left. Both stay barred from deciding."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="takeovers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("at", "pk")
        constraints = (models.UniqueConstraint(fields=["promotion", "by"], name="taken_over_once_by_each"),)

    def __str__(self) -> str:
        return f"promotion {self.promotion_id} taken over by {self.by}"


class Seal(models.Model):
    """What a promotion rested on at one time, part by part, so that a late reviewer can be told what moved."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="seals")
    digest = models.CharField(max_length=64)
    parts = models.JSONField(help_text="Name of the part to digest.")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["promotion", "digest"], name="one_seal_per_digest"),)

    def __str__(self) -> str:
        return f"seal {self.digest[:8]} of promotion {self.promotion_id}"
