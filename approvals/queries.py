"""Reads of policies and promotions that both doors share."""

from collections.abc import Iterable, Iterator

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from accounts.access import fetch
from accounts.models import User
from accounts.reasons import Reason
from approvals.models import OPEN_STATES, AfterReview, Policy, PolicyRevision, Promotion
from approvals.permissions import why_not_previous, why_not_restore
from registry.lineage import defects_of
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


def in_force_among(newest: Iterable[PolicyRevision], model: Model) -> list[PolicyRevision]:
    """The policies in force for the model, one for each stage that has any, where the newest revisions of all policies
    were read already. The same choice as `policy_in_force`."""
    in_force: dict[str, PolicyRevision] = {}
    for revision in sorted(newest, key=lambda each: -each.number):
        stage, policy = revision.policy.target_stage, revision.policy
        narrow = _narrowness(policy, model)
        if narrow is not None and (stage not in in_force or narrow < (_narrowness(in_force[stage].policy, model) or 0)):
            in_force[stage] = revision
    return list(in_force.values())


def _narrowness(policy: Policy, model: Model) -> int | None:
    """0 for the narrowest; None where the policy doesn't govern the model."""
    if policy.model_id is not None:
        return 0 if policy.model_id == model.pk else None
    return {model.risk_tier: 1, "": 2}.get(policy.risk_tier)


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
    isn't deprecated, whose stored files are good and which rests on nothing with a reported bug. None when there is
    none."""
    return next((version for version, doubt in ways_back(model) if doubt is None), None)


def ways_back(model: Model) -> Iterator[tuple[Version, Reason | None]]:
    """Versions that rollback may go back to, the last that left Production first; each with the doubt for which it
    doesn't do so by itself. Two queries, three while a bug is open."""
    defects = defects_of(Version.objects.filter(model=model, terms__stage=Stage.PRODUCTION))
    seen: set[int] = set()
    for term in (
        production_history(model)
        .select_related("version__model", "version__integrity")
        .order_by("-ended_at", "-started_at", "-pk")
    ):
        if term.ended_at is None or term.version_id in seen:
            continue
        seen.add(term.version_id)
        if why_not_restore(term.version, term) is None:
            yield term.version, why_not_previous(term.version, term, defects.get(term.version_id, []))


def after_reviews() -> QuerySet[AfterReview]:
    return AfterReview.objects.select_related("model", "actor", "decided_by", "promotion__version__model")


def fetch_after_review(number: int, *, actor: User) -> AfterReview:
    """The after-review, for who sees its model. Raises NotFound."""
    found = after_reviews().filter(pk=number)
    return fetch(found, actor=actor, model_path="model", thing=f"after-review {number}")
