"""Reads of policies and promotions that both doors share."""

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from accounts.access import fetch
from accounts.models import User
from approvals.models import OPEN_STATES, AfterReview, PolicyRevision, Promotion
from approvals.permissions import why_not_previous
from registry.models import Model, Stage, StageTerm, Version
from registry.queries import production_history


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
    ).prefetch_related("takeovers__by")


def open_promotions() -> QuerySet[Promotion]:
    return promotions().filter(state__in=OPEN_STATES)


def fetch_promotion(number: int, *, actor: User) -> Promotion:
    """The promotion, for who sees its model. Raises NotFound."""
    found = promotions().filter(pk=number)
    return fetch(found, actor=actor, model_path="version__model", thing=f"promotion {number}")


def last_term_live(version: Version) -> StageTerm | None:
    """The version's last term in Production, by when it began; None when it was never live."""
    return version.terms.filter(stage=Stage.PRODUCTION).order_by("-started_at", "-pk").first()


def previous_live(model: Model) -> Version | None:
    """What rollback goes back to by itself: the last version that left Production, wasn't itself rolled back from,
    isn't deprecated and whose stored files are good. None when there is none."""
    seen: set[int] = set()
    for term in (
        production_history(model)
        .select_related("version__model", "version__integrity")
        .order_by("-ended_at", "-started_at", "-pk")
    ):
        if term.ended_at is None or term.version_id in seen:
            continue
        seen.add(term.version_id)
        if why_not_previous(term.version, term) is None:
            return term.version
    return None


def after_reviews() -> QuerySet[AfterReview]:
    return AfterReview.objects.select_related("model", "actor", "decided_by", "promotion__version__model")


def fetch_after_review(number: int, *, actor: User) -> AfterReview:
    """The after-review, for who sees its model. Raises NotFound."""
    found = after_reviews().filter(pk=number)
    return fetch(found, actor=actor, model_path="model", thing=f"after-review {number}")
