"""Reads of policies and promotions that both doors share."""

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from approvals.models import OPEN_STATES, PolicyRevision, Promotion
from registry.models import Model


def policy_in_force(model: Model, stage: str) -> PolicyRevision | None:
    """The newest revision of the policy that governs the model's way to a stage, the narrowest first:
    one for this model, then one for its risk tier, then one for all."""
    narrowest = Case(
        When(policy__model=model, then=Value(0)),
        When(policy__risk_tier=model.risk_tier, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    revisions = PolicyRevision.objects.filter(policy__target_stage=stage).filter(
        Q(policy__model=model) | Q(policy__model=None, policy__risk_tier__in=("", model.risk_tier))
    )
    return revisions.select_related("policy").order_by(narrowest, "-number").first()


def promotions() -> QuerySet[Promotion]:
    """Promotions with what every view of them shows."""
    return Promotion.objects.select_related(
        "version__model",
        "version__registered_by",
        "version__on_behalf_of",
        "baseline__model",
        "policy_revision__policy",
        "requested_by",
        "on_behalf_of",
    )


def open_promotions() -> QuerySet[Promotion]:
    return promotions().filter(state__in=OPEN_STATES)
