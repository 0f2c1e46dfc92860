"""Who sees what of locked data. The same predicate draws what a page offers and guards its door."""

from django.db.models import Model

from accounts.access import may, may_somewhere, people_who_may
from accounts.models import User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import APPROVE, CONTRIBUTE, REVIEW, VIEW_ROWS

_NAMED = 4


def why_not_see_rows(model: Model, reader: User) -> Reason | None:
    """Why this person can't look at single rows behind the model's evidence, and who can."""
    if may(reader, VIEW_ROWS, model):
        return None
    found = list(people_who_may(VIEW_ROWS, model)[: _NAMED + 1])
    names = ", ".join(person.display_name for person in found[:_NAMED])
    others = " and others" if len(found) > _NAMED else ""
    return PersonalReason(
        "not_permitted",
        f"Single rows are for reviewers, approvers and auditors of {model} to look at.",
        f"{names}{others} may." if names else "An administrator can grant a role that permits it.",
    )


def why_not_ask_comparison(model: Model, user: User) -> Reason | None:
    """Why this person can't have versions of the model compared: it keeps a worker busy for a while."""
    if may(user, CONTRIBUTE, model) or may(user, REVIEW, model):
        return None
    return PersonalReason(
        "not_permitted",
        f"Contributors and reviewers of {model} have its versions compared.",
        "Ask one of them; they are named on the model’s page.",
    )


def why_not_lock(user: User) -> Reason | None:
    """Why this person can't lock data: datasets belong to no model, so an approver of any may."""
    if may_somewhere(user, APPROVE):
        return None
    return PersonalReason("not_permitted", "Data are locked by approvers.", "An administrator can grant that role.")
