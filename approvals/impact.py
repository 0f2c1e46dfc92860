"""What rests on a dataset version, a commit, a feature or a base: who must be told when it turns out to be wrong."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from accounts.access import may_everywhere, visible
from accounts.models import User
from accounts.roles import VIEW
from approvals.models import OPEN_STATES, PolicyRevision, Promotion, State
from approvals.queries import in_force_among, promotions
from evidence.models import Evaluation
from registry.lineage import Basis, built_on, directly_built_on
from registry.models import DatasetVersion, Model, Stage, Version

MOST = 200


#: What is live first, then Staging.
URGENCY = Case(
    When(stage=Stage.PRODUCTION, then=Value(0)),
    When(stage=Stage.STAGING, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class RestingVersion:
    """A version that was built on the thing, by its own word (`named`) or through what it is derived from
    (`inherited`), or evaluated on the data, or several of these."""

    version: Version
    named: bool
    inherited: bool
    evaluated: bool


@dataclass(frozen=True)
class Impact:
    """What the actor can see of it: what is live first, then Staging, newest first; open promotions before others.

    `more_versions` and `more_promotions` say that there are further ones than the first `MOST`; `hidden` counts the
    versions of models that the actor can't see.
    """

    versions: list[RestingVersion]
    more_versions: bool
    hidden: int
    promotions: list[Promotion]
    more_promotions: bool
    policies: list[PolicyRevision]

    @property
    def models(self) -> list[Model]:
        """The models of the versions, by name."""
        return sorted({each.version.model for each in self.versions}, key=lambda model: model.name.lower())

    @property
    def live(self) -> list[Version]:
        return [each.version for each in self.versions if each.version.stage == Stage.PRODUCTION]


def impact_of(basis: Basis, *, actor: User) -> Impact:
    """Versions built on it or, of a dataset version, evaluated on it; their promotions that are open or completed,
    open ones whose policy names the data, and the policies whose newest revision does. A fixed number of queries."""
    data = basis.dataset_version
    naming = [each for each in revisions_in_use() if names(each.document, str(data))] if data is not None else []
    resting = resting_versions(basis)
    versions, more_versions = _first(_seen(resting, actor).order_by(URGENCY, "-pk"))
    concerned, more_promotions = _first(_promotions(resting, naming, actor))
    return Impact(
        versions=[RestingVersion(each, each.named, each.built and not each.named, each.evaluated) for each in versions],
        more_versions=more_versions,
        hidden=0 if may_everywhere(actor, VIEW) else resting.count() - _seen(resting, actor).count(),
        promotions=concerned,
        more_promotions=more_promotions,
        policies=_newest_seen(naming, actor),
    )


def resting_versions(basis: Basis) -> QuerySet[Any]:
    """All of them, whoever asks; each says by itself whether it is `named`, `built` and `evaluated`."""
    data = Evaluation.objects.filter(version=OuterRef("pk"), dataset__dataset_version=basis.dataset_version)
    evaluated = Exists(data) if basis.dataset_version is not None else Value(False, BooleanField())
    versions = Version.objects.annotate(
        named=Exists(directly_built_on(basis).filter(pk=OuterRef("pk"))),
        built=ExpressionWrapper(built_on(basis), BooleanField()),
        evaluated=evaluated,
    )
    return versions.filter(Q(built=True) | Q(evaluated=True)).select_related("model")


def policies_naming(references: Iterable[str], *, actor: User) -> dict[str, list[PolicyRevision]]:
    """By dataset version, written name@number, the policies that the actor can see whose newest revision names it;
    only those that any does. Two queries however many are asked about."""
    newest = _newest_seen(revisions_in_use(), actor)
    found = {each: [revision for revision in newest if names(revision.document, each)] for each in references}
    return {reference: revisions for reference, revisions in found.items() if revisions}


def names(document: Any, reference: str) -> bool:
    """Whether a gate of the policy's document names the dataset version, written name@number in whatever case."""
    parameters = (gate.get("parameters") or {} for gate in document.get("gates") or [])
    return any(reference.casefold() == str(value).casefold() for told in parameters for value in told.values())


def _first(rows: QuerySet[Any]) -> tuple[list[Any], bool]:
    found = list(rows[: MOST + 1])
    return found[:MOST], len(found) > MOST


def _seen(versions: QuerySet[Any], actor: User) -> QuerySet[Any]:
    return visible(versions, actor=actor, model_path="model")


def _promotions(resting: QuerySet[Any], naming: Iterable[PolicyRevision], actor: User) -> QuerySet[Promotion]:
    of_versions = Q(version__in=resting.values("pk"), state__in=(*OPEN_STATES, State.COMPLETED))
    to_be_judged = Q(policy_revision__in=list(naming), state__in=OPEN_STATES)
    found = visible(promotions(), actor=actor, model_path="version__model").filter(of_versions | to_be_judged)
    return found.order_by(F("closed_at").desc(nulls_first=True), "-pk")


def models_judged_on(data: DatasetVersion, among: Collection[int]) -> set[int]:
    """Those of the models, given by key, of whose policies in force one names the data. Two queries, one where no
    policy names it."""
    newest = [revision for revision in revisions_in_use() if revision.is_newest]
    if not any(names(revision.document, str(data)) for revision in newest):
        return set()
    return {
        model.pk
        for model in Model.objects.filter(pk__in=among)
        if any(names(revision.document, str(data)) for revision in in_force_among(newest, model))
    }


def revisions_in_use() -> list[Any]:
    """The newest of each policy, and those under which promotions are open."""
    later = PolicyRevision.objects.filter(policy=OuterRef("policy"), number__gt=OuterRef("number"))
    open_under = Promotion.objects.filter(policy_revision=OuterRef("pk"), state__in=OPEN_STATES)
    revisions = PolicyRevision.objects.annotate(is_newest=~Exists(later)).filter(Q(is_newest=True) | Exists(open_under))
    return list(revisions.select_related("policy__model").order_by("policy__name"))


def _newest_seen(naming: list[Any], actor: User) -> list[PolicyRevision]:
    newest = [revision for revision in naming if revision.is_newest]
    of_models = {revision.policy.model_id for revision in newest if revision.policy.model_id}
    seen = visible(Model.objects.filter(pk__in=of_models), actor=actor, model_path="pk")
    keys = set(seen.values_list("pk", flat=True)) if of_models else set()
    return [each for each in newest if each.policy.model_id is None or each.policy.model_id in keys]
