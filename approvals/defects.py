"""Bugs in what versions are built on: what they hold back, and how they are told to people."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.access import may, may_everywhere, rights_of, visible
from accounts.models import User
from accounts.reasons import NotFound, PersonalReason, Reason
from accounts.roles import APPROVE, OPERATE, VIEW
from approvals.impact import URGENCY, names, resting_versions
from approvals.models import Promotion, State
from approvals.queries import promotions
from registry.lineage import Basis, basis_of_defect, defects_of, open_defect_of, open_defects
from registry.models import Defect, Model, Stage, Version


def thing_beside(defect: Defect, model: Model) -> str:
    """What has the bug, for readers of this model: another one's version may be hidden from them."""
    if defect.base is not None and defect.base.model_id != model.pk:
        return "its base version"
    return defect.thing


def defects_in_the_way(promotion: Promotion) -> list[Defect]:
    """Open bugs in what its version is built on, and in data that a gate of its policy measures on.

    One query while no bug is open, else two.
    """
    everywhere = list(open_defects())
    if not everywhere:
        return []
    marked = defects_of(Version.objects.filter(pk=promotion.version_id)).get(promotion.version_id, [])
    document = promotion.policy_revision.document
    judging = [each for each in everywhere if each.dataset_version and names(document, str(each.dataset_version))]
    return marked + [each for each in judging if each not in marked]


def promotions_held_by(basis: Basis) -> QuerySet[Promotion]:
    """Approved promotions that a bug in it holds back, or might."""
    approved = promotions().filter(state=State.APPROVED)
    data = basis.dataset_version
    judged = [each.pk for each in approved if data is not None and names(each.policy_revision.document, str(data))]
    return approved.filter(Q(version__in=resting_versions(basis).values("pk")) | Q(pk__in=judged))


@dataclass(frozen=True)
class Marked:
    """Versions built on something with an open bug, the first of them with their bugs: what is live first, newest
    first. `count` and `live` are of all of them."""

    rows: list[tuple[Version, list[Defect]]]
    count: int
    live: int


def marked_versions(versions: QuerySet[Version], *, most: int) -> Marked:
    """Those of the versions that are marked. One query while no bug is open, four otherwise."""
    marked = defects_of(versions)
    if not marked:
        return Marked([], 0, 0)
    found = Version.objects.filter(pk__in=marked)
    first = found.select_related("model").order_by(URGENCY, "-pk")[:most]
    rows = [(version, marked[version.pk]) for version in first]
    return Marked(rows, len(marked), found.filter(stage=Stage.PRODUCTION).count())


def marked_of_owner(owner: User, *, most: int) -> Marked:
    """Marked versions of the models this person owns and sees."""
    own = visible(Version.objects.filter(model__owners=owner), actor=owner, model_path="model")
    return marked_versions(own, most=most)


def defects_of_evidence(version: Version) -> list[Defect]:
    """Open bugs in the data the version was measured on: its figures may be wrong, it itself need not be."""
    return list(open_defects().filter(dataset_version__locked__evaluations__version=version).distinct())


def shown_defect(basis: Basis, *, actor: User) -> Defect | None:
    """The open bug in it, for who may know: datasets are seen by everybody, a commit by who sees what it made."""
    defect = open_defect_of(basis)
    return defect if defect is not None and _sees(defect, actor) else None


def fetch_defect(number: int, *, actor: User) -> Defect:
    """The open or cleared defect, for who may know of it. Raises NotFound."""
    related = ("dataset_version__dataset", "base__model", "reported_by", "cleared_by")
    defect = Defect.objects.select_related(*related).filter(pk=number).first()
    if defect is None or not _sees(defect, actor):
        raise NotFound("not_found", f"There is no reported bug {number} that you can see.")
    return defect


def _sees(defect: Defect, actor: User) -> bool:
    if defect.base is not None:
        return may(actor, VIEW, defect.base.model)
    if defect.dataset_version is not None:
        return True
    return visible(resting_versions(basis_of_defect(defect)), actor=actor, model_path="model").exists()


def models_concerned(basis: Basis) -> set[int]:
    """Keys of the models with a version that rests on it."""
    return set(resting_versions(basis).order_by().values_list("model_id", flat=True))


def why_not_mark(basis: Basis, user: User) -> Reason | None:
    """Why this person can't report or clear a bug in it: it takes the right to approve or operate one of the models
    that rest on it, since it holds their promotions back. Where none does yet, the right on any model is enough."""
    if not basis.can_have_defect:
        text = f"A bug in {basis} can't be marked here."
        return Reason("not_markable", text, "Mark the dataset version, the commit or the registered base it came by.")
    if not user.is_active:
        return PersonalReason("inactive", "This account is not active.")
    held = [permission for permission in (APPROVE, OPERATE) if may_everywhere(user, permission)]
    if held or _may_on_one(user, models_concerned(basis)):
        return None
    text = f"You may not say of {basis} that it has a bug, or that it has none."
    return PersonalReason("not_marker", text, "Approvers and operators of a model that rests on it may.")


def _may_on_one(user: User, models: Collection[int]) -> bool:
    rights = rights_of(user)
    held = {pk for permission in (APPROVE, OPERATE) for pk in rights.model_ids(permission)}
    return bool(held & set(models) if models else held)


def why_not_clear(defect: Defect, user: User) -> Reason | None:
    """As for reporting; but programs only report. Clearing lets what was held back go live."""
    if user.is_service:
        return PersonalReason("service", "A service account can't clear a bug.", "An approver or operator can.")
    if (reason := why_not_mark(basis_of_defect(defect), user)) is not None:
        return reason
    if not defect.is_open:
        assert defect.cleared_by is not None
        return Reason("cleared", f"{defect.cleared_by.display_name} has cleared this bug already.")
    return None


def by_owner(versions: Iterable[Version]) -> dict[User, list[Version]]:
    """The versions by the owners of their models, in the order given."""
    found: dict[User, list[Version]] = {}
    for version in versions:
        for owner in version.model.owners.all():
            found.setdefault(owner, []).append(version)
    return found
