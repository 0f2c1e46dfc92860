"""Who may decide on a promotion."""

from accounts.access import may, people_who_may
from accounts.models import User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import REVIEW
from approvals.models import Outcome, State
from approvals.permissions.excepting import who_waives, why_not_waivable
from approvals.permissions.wording import closed, in_state, joined, listed
from approvals.standing import Marks, barred_people
from approvals.transitions import Event


def why_never_decide(marks: Marks, user: User) -> PersonalReason | None:
    """Why this person can't decide on this promotion, whatever its state."""
    if user.is_service:
        return PersonalReason("service", "A service account can't decide.", "People do; it may open promotions.")
    if not user.is_active:
        return PersonalReason("inactive", "This account is not active.")
    barred = barred_people(marks.promotion)
    if user.pk in barred:
        return PersonalReason("requester", f"You can't decide: {barred[user.pk]}.", who_decides(marks))
    if not may(user, REVIEW, marks.promotion.version.model):
        return PersonalReason("not_reviewer", "You are no reviewer of this model.", who_decides(marks))
    if not marks.document.slots:
        text = "Nobody is asked to approve: it moves by itself when its gates pass."
        way_on = f"{_what_failed(marks)} {_other_ways(marks)}" if marks.in_the_way else ""
        return PersonalReason("nobody_asked", text, way_on)
    if not any(marks.holds(user, slot) for slot in marks.document.slots):
        own = [g for g in marks.grants if g.user_id == user.pk and g.granted_by_id == user.pk]
        if own:
            remedy = "Somebody else must grant it or decide."
            return PersonalReason("self_granted", "You granted yourself this role.", remedy)
        return PersonalReason("no_slot", "None of this promotion's slots is yours.", who_decides(marks))
    return None


def why_not_approve(marks: Marks, user: User) -> Reason | None:
    """Checklist and acknowledgements are asked for by the action, since the form brings them along."""
    if (never := why_never_decide(marks, user)) is not None:
        return never
    promotion = marks.promotion
    if promotion.state == State.CHECKING:
        return Reason("gates_running", "The gates are still running.", "Approve when they are through.")
    if promotion.state == State.BLOCKED:
        return Reason("blocked", _what_failed(marks), _way_past(marks))
    if promotion.state != State.IN_REVIEW:
        return in_state(promotion, Event.SLOTS_FILLED)
    if any(review.reviewer_id == user.pk for review in marks.approvals):
        return Reason("approved_already", "You have approved.", who_decides(marks))
    if user.pk in marks.waiver_givers and marks.only_waiver_givers_approved and marks.places_left <= 1:
        return Reason(
            "only_waiver_giver",
            "You made an exception here, so you can't be the only one to approve.",
            who_decides(marks),
        )
    if not marks.slots_for(user):
        return Reason("slots_filled", "Your slot has been filled.", who_decides(marks))
    return None


def _what_failed(marks: Marks) -> str:
    titles = [marks.document.gate(run.key).shown_title for run in marks.in_the_way]
    undecided = any(run.outcome == Outcome.INCONCLUSIVE for run in marks.in_the_way)
    how = "did not pass" if undecided else "failed"
    return f"{listed(titles)} {how}." if titles else "A gate failed."


def _other_ways(marks: Marks) -> str:
    """What can be done about a failed gate, for those who can't decide."""
    words = "Run it again, or register a better version."
    return words if any(why_not_waivable(run) for run in marks.in_the_way) else f"{words} {who_waives(marks)}"


def _way_past(marks: Marks) -> str:
    """What must happen before anybody can approve, and who can make an exception where one is allowed."""
    it = "They" if len(marks.in_the_way) > 1 else "It"
    if any(why_not_waivable(run) for run in marks.in_the_way):
        return f"{it} must pass first."
    return f"{it} must pass, or be waived, first. {who_waives(marks)}"


def why_not_tick(marks: Marks, user: User) -> Reason | None:
    if (never := why_never_decide(marks, user)) is not None:
        return never
    if marks.promotion.state == State.CHECKING:
        return Reason("gates_running", "The gates are still running.", "Tick when they are through.")
    return None if marks.promotion.is_open else closed(marks.promotion)


def why_not_request_changes(marks: Marks, user: User) -> Reason | None:
    return why_never_decide(marks, user) or in_state(marks.promotion, Event.REQUEST_CHANGES)


def why_not_reject(marks: Marks, user: User) -> Reason | None:
    return why_never_decide(marks, user) or in_state(marks.promotion, Event.REJECT)


def why_not_acknowledge(marks: Marks, user: User) -> Reason | None:
    if (never := why_never_decide(marks, user)) is not None:
        return never
    return None if marks.promotion.is_open else closed(marks.promotion)


def who_decides(marks: Marks) -> str:
    """The people who can fill an open slot, named, so that nobody has to ask around; or why nobody can yet."""
    if marks.promotion.state == State.BLOCKED:
        return f"{_what_failed(marks).rstrip('.')}, so nobody can. {_other_ways(marks)}"
    barred = barred_people(marks.promotion)
    people = people_who_may(REVIEW, marks.promotion.version.model).exclude(pk__in=barred).prefetch_related("groups")
    names = [person.display_name for person in people if marks.slots_for(person)]
    if not names:
        return "Nobody else can fill an open slot: an administrator can grant the role." if marks.open_slots else ""
    return f"{joined(names)} decide{'s' if len(names) == 1 else ''} next."
