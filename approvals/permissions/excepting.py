"""Who may make an exception, and who looks at one afterwards."""

from collections.abc import Iterable

from accounts.access import may, people_who_may
from accounts.models import User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import APPROVE, REVIEW
from approvals.gates import GATES
from approvals.models import AfterReview, GateRun
from approvals.permissions.wording import closed, joined
from approvals.seals import standing_waiver
from approvals.standing import Marks, barred_people


def why_never_waive(marks: Marks, user: User) -> PersonalReason | None:
    """Why this person can't waive any gate of this promotion, whatever its state."""
    if user.is_service:
        return PersonalReason("service", "A service account can't waive a gate.", "People do.")
    if not user.is_active:
        return PersonalReason("inactive", "This account is not active.")
    barred = barred_people(marks.promotion)
    if user.pk in barred:
        return PersonalReason("requester", f"You can't waive a gate here: {barred[user.pk]}.", who_waives(marks))
    model = marks.promotion.version.model
    if not may(user, APPROVE, model):
        return PersonalReason("not_approver", "You are no approver of this model.", who_waives(marks))
    if not marks.approver_by_others(user):
        remedy = "Somebody else must grant it or waive."
        return PersonalReason("self_granted", "You granted yourself this role.", remedy)
    return None


def why_not_waive(marks: Marks, run: GateRun, user: User) -> Reason | None:
    if (never := why_never_waive(marks, user)) is not None:
        return never
    if not marks.promotion.is_open:
        return closed(marks.promotion)
    if standing_waiver(run) is not None:
        return Reason("waived_already", f"The gate {run.key} is waived already.")
    if run not in marks.in_the_way:
        return Reason("nothing_to_waive", f"The gate {run.key} has not failed.")
    if (reason := why_not_waivable(run)) is not None:
        return reason
    alone = marks.approvers <= {user.pk, *marks.waiver_givers}
    if marks.approvers and alone and not marks.open_slots:
        return Reason("only_waiver_giver", "You are the only one who approved.", "Another approver must waive it.")
    return None


def why_not_waivable(run: GateRun) -> Reason | None:
    """Why nobody can make an exception for this outcome."""
    if GATES[run.kind].waivable and not run.details.get("unreadable"):
        return None
    text = "That the bytes are the registered ones, and can be read, can't be waived."
    return Reason("not_waivable", text, "Restore the store from its backup, or register a better version.")


def why_not_decide_after_review(
    after_review: AfterReview, user: User, reviewers: Iterable[User] | None = None
) -> Reason | None:
    """Somebody who reviews this model, and never the one whose act it is. `reviewers` are the people who may, where
    they were read for several models at once."""
    if user.pk == after_review.actor_id:
        text = "It was your own act: somebody else judges it."
        return PersonalReason("own_act", text, _who_judges(after_review, reviewers))
    if user.is_service or not may(user, REVIEW, after_review.model):
        return PersonalReason(
            "not_reviewer", "You are no reviewer of this model.", _who_judges(after_review, reviewers)
        )
    if after_review.verdict:
        who = after_review.decided_by
        return Reason("decided_already", f"{who.display_name if who else 'Somebody'} decided it already.")
    return None


def who_waives(marks: Marks) -> str:
    """The people who may make an exception here, named."""
    barred = barred_people(marks.promotion)
    people = people_who_may(APPROVE, marks.promotion.version.model).exclude(pk__in=barred)
    names = [person.display_name for person in people]
    return f"{joined(names)} may waive gates here." if names else "An administrator can grant the role Approver."


def _who_judges(after_review: AfterReview, reviewers: Iterable[User] | None) -> str:
    people = people_who_may(REVIEW, after_review.model) if reviewers is None else reviewers
    names = [person.display_name for person in people if person.pk != after_review.actor_id]
    return f"{joined(names)} may." if names else "An administrator can grant the role Reviewer."
