"""Who may know of a reported bug, report one, and clear it. The same predicate draws the button and guards the door."""

from typing import Any

from django.db.models import QuerySet

from accounts.access import may, may_everywhere, rights_given_by_others, rights_of, visible
from accounts.models import User
from accounts.reasons import NotFound, PersonalReason, Reason
from accounts.roles import APPROVE, OPERATE, VIEW
from approvals.defects import promotions_held_by
from approvals.impact import models_judged_on, names, resting_versions, revisions_in_use
from approvals.standing import barred_people
from registry.lineage import Basis, basis_of_defect, open_defect_of
from registry.models import Defect

#: It takes one of these on a model to report a bug that holds its promotions.
_RIGHTS = (APPROVE, OPERATE)


# --- Who may know of it ----------------------------------------------------------------------------------


def shown_defect(basis: Basis, *, actor: User) -> Defect | None:
    """The open bug in it, for who may know of it."""
    defect = open_defect_of(basis)
    return defect if defect is not None and _knows(defect, actor) else None


def fetch_defect(number: int, *, actor: User) -> Defect:
    """The open or cleared bug, for who may know of it. Raises NotFound."""
    related = ("dataset_version__dataset", "base__model", "reported_by", "cleared_by")
    defect = Defect.objects.select_related(*related).filter(pk=number).first()
    if defect is None or not _knows(defect, actor):
        raise NotFound("not_found", f"There is no reported bug {number} that you can see.")
    return defect


def _knows(defect: Defect, actor: User) -> bool:
    return defect.reported_by_id == actor.pk or may_know_of_defects(basis_of_defect(defect), actor)


def may_know_of_defects(basis: Basis, actor: User) -> bool:
    """Datasets are seen by everybody, and a commit by who sees a version that rests on it; while none does, by who
    could report a bug in it."""
    if basis.base is not None:
        return may(actor, VIEW, basis.base.model)
    if basis.dataset_version is not None:
        return True
    resting = resting_versions(basis)
    if visible(resting, actor=actor, model_path="model").exists():
        return True
    return not resting.exists() and why_not_report_defect(basis, actor) is None


def is_hidden_from(defect: Defect, reader: User) -> bool:
    """Whether this reader of a version that rests on it may know only that there is a bug."""
    return defect.base is not None and not may(reader, VIEW, defect.base.model)


# --- Who may report and clear it ----------------------------------------------------------------------------


def why_not_report_defect(basis: Basis, user: User) -> Reason | None:
    """Why this person can't report a bug in it: it takes the right to approve or operate a model that rests on it,
    is judged on it, or was measured on it. While none does, the right on any model is enough."""
    if not basis.can_have_defect:
        text = f"A bug in {basis} can't be reported here."
        return Reason("not_markable", text, "Report it in the dataset version, the commit or the registered base.")
    if not user.is_active:
        return PersonalReason("inactive", "This account is not active.")
    if any(may_everywhere(user, permission) for permission in _RIGHTS):
        return None
    held = {pk for permission in _RIGHTS for pk in rights_of(user).model_ids(permission)}
    resting = _models(resting_versions(basis))
    if held & resting or (held and not resting) or _judged_on(basis, held):
        return None
    text = f"You may not report a bug in {basis}."
    return PersonalReason("not_marker", text, "Approvers and operators of a model that rests on it may.")


def why_not_clear_defect(defect: Defect, user: User) -> Reason | None:
    """Why this person can't clear it. Clearing lets go live what it held, so that it is for people only: who reported
    it, or who may approve or operate a model that it holds or might hold; and never for who may not decide on a
    promotion that it holds now."""
    if user.is_service:
        return PersonalReason("service", "A service account can't clear a bug.", "An approver or operator can.")
    if not user.is_active:
        return PersonalReason("inactive", "This account is not active.")
    basis = basis_of_defect(defect)
    if defect.reported_by_id != user.pk and not _may_clear(basis, user):
        return PersonalReason("not_marker", f"You may not clear a bug in {basis}.", _who_clears(defect, user))
    if not defect.is_open:
        assert defect.cleared_by is not None
        return Reason("cleared", f"{defect.cleared_by.display_name} has cleared this bug already.")
    for promotion in promotions_held_by(basis):
        if what := barred_people(promotion).get(user.pk):
            text = f"You can't clear this bug: it holds promotion {promotion.pk}, and {what}."
            return PersonalReason("requester", text, _who_clears(defect, user))
    return None


def _may_clear(basis: Basis, user: User) -> bool:
    """Only by a role that somebody else gave. To have measured a version on the data gives nobody a say over those
    that it holds; it does while it holds none."""
    everywhere, held = rights_given_by_others(user, _RIGHTS)
    if everywhere or not held:
        return everywhere
    resting = resting_versions(basis)
    kept = _models(resting.filter(built=True)) | {each.version.model_id for each in promotions_held_by(basis)}
    if held & kept or _judged_on(basis, held):
        return True
    if kept or _is_judged_on(basis):
        return False
    measured = _models(resting)
    return bool(held & measured) or not measured


def _models(versions: QuerySet[Any]) -> set[int]:
    return set(versions.order_by().values_list("model_id", flat=True))


def _judged_on(basis: Basis, among: set[int]) -> set[int]:
    return models_judged_on(basis.dataset_version, among) if basis.dataset_version is not None else set()


def _is_judged_on(basis: Basis) -> bool:
    data = basis.dataset_version
    return data is not None and any(names(revision.document, str(data)) for revision in revisions_in_use())


def _who_clears(defect: Defect, user: User) -> str:
    who = defect.reported_by
    others = "approvers and operators of a model that rests on it"
    if who == user:
        return f"Other {others} may."
    return (
        f"{others.capitalize()} may."
        if who.is_service or not who.is_active
        else f"{who.display_name} may, and {others}."
    )
