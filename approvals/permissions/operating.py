"""Who may change what is live, and put versions away, without a promotion."""

from collections.abc import Collection

from accounts.access import may, people_who_may
from accounts.models import User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import OPERATE
from approvals.permissions.wording import joined
from registry.models import Defect, EndedHow, Model, Stage, StageTerm, Version
from registry.queries import stored_intact


def why_not_operate(model: Model, user: User) -> Reason | None:
    """Rollback, take-down, archiving and deprecation are the operator's: by a person, or a service account (CI)."""
    if user.is_active and may(user, OPERATE, model):
        return None
    names = [person.display_name for person in people_who_may(OPERATE, model)]
    remedy = f"{joined(names)} may." if names else "An administrator can grant the role Operator."
    return PersonalReason("not_operator", f"You are no operator of {model.name}.", remedy)


def why_not_restore(version: Version, last_term: StageTerm | None) -> Reason | None:
    """Why a version can't be rolled back to. `last_term` is its last one in Production, None when it had none.

    A fresh review of it in Staging is no reason: that must not take the way back away at night.
    """
    if version.stage == Stage.PRODUCTION:
        return Reason("already_live", f"{version} is live.")
    if last_term is None:
        return Reason("never_live", f"{version} was never live.", "Rollback leads back only; promote it instead.")
    if version.deprecated_at is not None:
        return Reason("deprecated", f"{version} is deprecated and can't go live again.")
    if stored_intact(version) is False:
        return Reason("damaged", f"The stored files of {version} are damaged.", "Restore the store from its backup.")
    return None


def why_not_previous(version: Version, last_term: StageTerm, defects: Collection[Defect]) -> Reason | None:
    """Why rollback doesn't choose this version by itself; somebody may still name it, unless it can't be restored.
    `defects` are the open ones in what it rests on."""
    if last_term.ended_how == EndedHow.ROLLED_BACK:
        return Reason("rolled_back_from", f"{version} was rolled back from when it was live last.")
    if (reason := why_not_restore(version, last_term)) is not None:
        return reason
    if defects:
        things = ", ".join(each.thing_beside(version.model) for each in defects)
        return Reason("defect", f"{version} rests on something with a reported bug: {things}.")
    return None


def why_not_archive(version: Version, user: User) -> Reason | None:
    if (reason := why_not_operate(version.model, user)) is not None:
        return reason
    if version.stage == Stage.PRODUCTION:
        return Reason("live", f"{version} is live.", "Promote another version, roll back, or take the model down.")
    if version.stage == Stage.ARCHIVED:
        return Reason("already_there", f"{version} is archived already.")
    if not version.is_final:
        return Reason("version_open", f"{version} isn't final yet.", "Finalise it first.")
    return None


def why_not_deprecate(version: Version, user: User) -> Reason | None:
    if (reason := why_not_operate(version.model, user)) is not None:
        return reason
    if version.deprecated_at is not None:
        return Reason("deprecated", f"{version} is deprecated already.")
    return None
