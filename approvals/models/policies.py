from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from registry.models import Model, RiskTier, Stage


class Policy(models.Model):
    """What a version must pass to reach a stage: for one model, else for a risk tier, else for all the others."""

    TARGETS = ((Stage.STAGING, "Staging"), (Stage.PRODUCTION, "Production"))

    name = models.CharField(max_length=100, unique=True)
    target_stage = models.CharField(max_length=16, choices=TARGETS)
    risk_tier = models.CharField(max_length=8, choices=RiskTier.choices, blank=True, help_text="Empty: any tier.")
    model = models.ForeignKey(
        Model, null=True, blank=True, on_delete=models.PROTECT, related_name="policies", help_text="Empty: any model."
    )

    class Meta:
        verbose_name_plural = "policies"
        constraints = (
            models.UniqueConstraint(
                "target_stage",
                "risk_tier",
                Coalesce("model", Value(0)),
                name="one_policy_per_stage_and_scope",
                violation_error_message="There is already a policy for this stage, risk tier and model.",
            ),
            models.CheckConstraint(
                condition=Q(model__isnull=True) | Q(risk_tier=""),
                name="policy_has_one_scope",
                violation_error_message="Choose a risk tier or a model, not both.",
            ),
            models.CheckConstraint(condition=Q(target_stage__in=("Staging", "Production")), name="policy_has_target"),
        )

    def __str__(self) -> str:
        return self.name


class PolicyRevision(models.Model):
    """One published wording of a policy. It is never changed; see `approvals.policies.Document` for its shape."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    target_stage = models.CharField(max_length=16, choices=Policy.TARGETS)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    seats = models.PositiveIntegerField(help_text="How many reviewers' marks it asks for, over all slots.")
    approver_seats = models.PositiveIntegerField(help_text="How many of them must be approvers'.")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["policy", "number"], name="one_policy_revision_per_number"),
            models.CheckConstraint(
                condition=~Q(target_stage="Production") | Q(seats__gte=1, approver_seats__gte=1),
                name="production_needs_an_approver",
            ),
        )

    def __str__(self) -> str:
        return f"{self.policy.name} revision {self.number}"
