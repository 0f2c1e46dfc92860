"""Who may do what to a promotion, in which state. The same predicate draws a button and guards its door.

Each `why_not_…` answers None when it may be done now. `why_never_…` asks about the person only: pages show
that reason in place of the buttons, while somebody who merely can't yet presses and is told.
"""

from accounts.access import may, people_who_may
from accounts.models import User
from accounts.permissions import why_not_act_for
from accounts.reasons import Reason
from accounts.roles import CONTRIBUTE, REVIEW
from approvals.models import Promotion, State
from approvals.standing import Marks, barred_people
from approvals.transitions import Event, can_happen
from registry.models import Model, Version


def why_never_decide(marks: Marks, user: User) -> Reason | None:
    """Why this person can't decide on this promotion, whatever its state."""
    if user.is_service:
        return Reason("service", "A service account can't decide.", "People do; it may open promotions.")
    if not user.is_active:
        return Reason("inactive", "This account is not active.")
    barred = barred_people(marks.promotion)
    if user.pk in barred:
        return Reason("requester", f"You can't decide: {barred[user.pk]}.", _who_decides(marks))
    if not may(user, REVIEW, marks.promotion.version.model):
        return Reason("not_reviewer", "You are no reviewer of this model.", _who_decides(marks))
    if not any(marks.holds(user, slot) for slot in marks.document.slots):
        own = [g for g in marks.grants if g.user_id == user.pk and g.granted_by_id == user.pk]
        if own:
            return Reason("self_granted", "You granted yourself this role.", "Somebody else must grant it or decide.")
        return Reason("no_slot", "None of this promotion's slots is yours.", _who_decides(marks))
    return None


def why_not_approve(marks: Marks, user: User) -> Reason | None:
    """Checklist and acknowledgements are asked for by the action, since the form brings them along."""
    if (never := why_never_decide(marks, user)) is not None:
        return never
    promotion = marks.promotion
    if promotion.state == State.CHECKING:
        return Reason("gates_running", "The gates are still running.", "Approve when they are through.")
    if promotion.state == State.BLOCKED:
        return Reason("blocked", "A gate failed.", "It must pass first.")
    if promotion.state != State.IN_REVIEW:
        return _in_state(promotion, Event.SLOTS_FILLED)
    if any(review.reviewer_id == user.pk for review in marks.approvals):
        return Reason("approved_already", "You have approved.", _who_decides(marks))
    if not marks.slots_for(user):
        return Reason("slots_filled", "Your slot has been filled.", _who_decides(marks))
    return None


def why_not_tick(marks: Marks, user: User) -> Reason | None:
    if (never := why_never_decide(marks, user)) is not None:
        return never
    if marks.promotion.state == State.CHECKING:
        return Reason("gates_running", "The gates are still running.", "Tick when they are through.")
    return None if marks.promotion.is_open else _closed(marks.promotion)


def why_not_request_changes(marks: Marks, user: User) -> Reason | None:
    return why_never_decide(marks, user) or _in_state(marks.promotion, Event.REQUEST_CHANGES)


def why_not_reject(marks: Marks, user: User) -> Reason | None:
    return why_never_decide(marks, user) or _in_state(marks.promotion, Event.REJECT)


def why_not_acknowledge(marks: Marks, user: User) -> Reason | None:
    if (never := why_never_decide(marks, user)) is not None:
        return never
    return None if marks.promotion.is_open else _closed(marks.promotion)


def why_not_withdraw(promotion: Promotion, user: User) -> Reason | None:
    """The requester or whoever the version came from may; nobody else ends another's promotion this way."""
    if user.pk not in barred_people(promotion):
        return Reason("not_requester", "Only the requester can withdraw a promotion.", "A reviewer can reject it.")
    return _contributes(promotion, user) or _in_state(promotion, Event.WITHDRAW)


def why_not_resubmit(promotion: Promotion, user: User) -> Reason | None:
    return _contributes(promotion, user) or _in_state(promotion, Event.RESUBMIT)


def why_not_rerun(promotion: Promotion, user: User) -> Reason | None:
    model = promotion.version.model
    if not may(user, CONTRIBUTE, model) and not may(user, REVIEW, model):
        return Reason("not_permitted", "You may not run gates of this model.", "Its contributors and reviewers may.")
    return None if promotion.is_open else _closed(promotion)


def why_not_open(version: Version, user: User, *, on_behalf_of: User | None = None) -> Reason | None:
    if not may(user, CONTRIBUTE, version.model):
        return Reason(
            "not_permitted", f"You may not open promotions of {version.model.name}.", _contributors(version.model)
        )
    if user.is_service and on_behalf_of is None:
        return Reason("no_person", "A service account acts on behalf of a person.", "Send on_behalf_of: USERNAME.")
    if (reason := why_not_act_for(user, on_behalf_of, version.model)) is not None:
        return reason
    if not version.is_final:
        return Reason("version_open", f"{version} isn't final yet.", "Finalise it first.")
    if version.deprecated_at is not None:
        return Reason("deprecated", f"{version} is deprecated and can't be promoted again.", "Register a new version.")
    return None


def _contributes(promotion: Promotion, user: User) -> Reason | None:
    model = promotion.version.model
    return (
        None
        if may(user, CONTRIBUTE, model)
        else Reason("not_permitted", "You are no contributor here.", _contributors(model))
    )


def _in_state(promotion: Promotion, event: Event) -> Reason | None:
    if can_happen(promotion.state, event):
        return None
    if promotion.is_open:
        return Reason("not_now", f"This promotion is {promotion.get_state_display().lower()}; that can't be done now.")
    return _closed(promotion)


def _closed(promotion: Promotion) -> Reason:
    return Reason("closed", f"This promotion is {promotion.get_state_display().lower()}.")


def _who_decides(marks: Marks) -> str:
    """The people who can fill an open slot, named, so that nobody has to ask around; or why nobody can yet."""
    if marks.promotion.state == State.BLOCKED:
        return "A gate failed, so nobody can: run it again, or register a better version."
    barred = barred_people(marks.promotion)
    people = people_who_may(REVIEW, marks.promotion.version.model).exclude(pk__in=barred).prefetch_related("groups")
    names = [person.display_name for person in people if marks.slots_for(person)]
    if not names:
        return "Nobody else can fill an open slot: an administrator can grant the role." if marks.open_slots else ""
    return f"{_joined(names)} decide{'s' if len(names) == 1 else ''} next."


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _contributors(model: Model) -> str:
    names = [person.display_name for person in people_who_may(CONTRIBUTE, model)]
    return f"{_joined(names)} may." if names else "An administrator can grant the role Contributor."
