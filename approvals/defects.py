"""Reported bugs in what versions rest on: which promotions they hold, and whose figures they put in doubt."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.access import visible
from accounts.models import User
from approvals.impact import URGENCY, names, resting_versions, revisions_in_use
from approvals.models import OPEN_STATES, Promotion
from approvals.queries import promotions
from registry.lineage import Basis, defects_of, open_defects
from registry.models import Defect, Model, Stage, Version


def defects_in_the_way(promotion: Promotion) -> list[Defect]:
    """Open bugs in what its version rests on, and in data that a gate of its policy judges on."""
    return defects_holding([promotion]).get(promotion.pk, [])


def defects_holding(held: Collection[Promotion]) -> dict[int, list[Defect]]:
    """By the promotion's key, the bugs that hold it, or will once it is approved; only of those that any does.

    One query while no bug is open, else three, however many promotions there are.
    """
    everywhere = list(open_defects())
    if not everywhere:
        return {}
    of_data = [each for each in everywhere if each.dataset_version is not None]
    of_versions = defects_of(Version.objects.filter(pk__in={promotion.version_id for promotion in held}))
    found = {}
    for promotion in held:
        below = of_versions.get(promotion.version_id, [])
        document = promotion.policy_revision.document
        judging = [each for each in of_data if each not in below and names(document, str(each.dataset_version))]
        if below or judging:
            found[promotion.pk] = below + judging
    return found


def promotions_held_by(basis: Basis) -> QuerySet[Promotion]:
    """Open promotions that a bug in it holds: of versions that rest on it, and those that a gate judges on it."""
    held = Q(version__in=resting_versions(basis).filter(built=True).values("pk"))
    if (data := basis.dataset_version) is not None:
        naming = [revision.pk for revision in revisions_in_use() if names(revision.document, str(data))]
        held |= Q(policy_revision__in=naming)
    return promotions().filter(held, state__in=OPEN_STATES)


@dataclass(frozen=True)
class Touched:
    """Versions that a bug in something touches, what is live first, then Staging, newest first. `held`: promotions of
    them aren't completed. `measured`: they were only measured on it, so their figures are in doubt."""

    held: list[Version]
    measured: list[Version]

    @property
    def all(self) -> list[Version]:
        return self.held + self.measured


def touched_by(basis: Basis) -> Touched:
    """With the owners of their models; in as many queries however many versions there are."""
    judged = set(promotions_held_by(basis).order_by().values_list("version", flat=True))
    resting = resting_versions(basis).order_by()
    built = set(resting.filter(built=True).values_list("pk", flat=True))
    found = Version.objects.filter(Q(pk__in=judged) | Q(pk__in=resting.values("pk")))
    versions = found.select_related("model").prefetch_related("model__owners").order_by(URGENCY, "-pk")
    return Touched(
        held=[version for version in versions if version.pk in built | judged],
        measured=[version for version in versions if version.pk not in built | judged],
    )


@dataclass(frozen=True)
class RestingOnDefects:
    """Versions that rest on something with a reported bug, the first of them with their bugs: what is live first,
    newest first. `count` and `live` are of all of them."""

    rows: list[tuple[Version, list[Defect]]]
    count: int
    live: int


def resting_on_defects(versions: QuerySet[Version], *, most: int) -> RestingOnDefects:
    """Those of the versions that do. One query while no bug is open, four otherwise."""
    resting = defects_of(versions)
    if not resting:
        return RestingOnDefects([], 0, 0)
    found = Version.objects.filter(pk__in=resting)
    first = found.select_related("model").order_by(URGENCY, "-pk")[:most]
    rows = [(version, resting[version.pk]) for version in first]
    return RestingOnDefects(rows, len(resting), found.filter(stage=Stage.PRODUCTION).count())


def resting_on_defects_of_owner(owner: User, *, most: int) -> RestingOnDefects:
    """Of the models this person owns and sees."""
    own = visible(Version.objects.filter(model__owners=owner), actor=owner, model_path="model")
    return resting_on_defects(own, most=most)


def defects_of_evidence(version: Version) -> list[Defect]:
    """Open bugs in the data the version was measured on: its figures may be wrong, it itself need not be."""
    return list(open_defects().filter(dataset_version__locked__evaluations__version=version).distinct())


def warning_of(defects: Iterable[Defect], model: Model) -> str:
    """What is said to who brings a version of the model back that rests on these; "" where there are none."""
    things = ", ".join(each.thing_beside(model) for each in defects)
    return f"A bug is reported in {things}." if things else ""


def by_owner(versions: Iterable[Version]) -> dict[User, list[Version]]:
    """The versions by the owners of their models, in the order given."""
    found: dict[User, list[Version]] = {}
    for version in versions:
        for owner in version.model.owners.all():
            found.setdefault(owner, []).append(version)
    return found
