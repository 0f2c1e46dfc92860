"""Reasons that several predicates share."""

from accounts.access import people_who_may
from accounts.reasons import Reason
from accounts.roles import CONTRIBUTE
from approvals.models import Promotion
from approvals.transitions import Event, can_happen
from registry.models import Model


def in_state(promotion: Promotion, event: Event) -> Reason | None:
    if can_happen(promotion.state, event):
        return None
    if promotion.is_open:
        return Reason("not_now", f"This promotion is {promotion.get_state_display().lower()}; that can't be done now.")
    return closed(promotion)


def closed(promotion: Promotion) -> Reason:
    return Reason("closed", f"This promotion is {promotion.get_state_display().lower()}.")


def joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def listed(things: list[str]) -> str:
    """`Quality floor, AUC kept and Explained`."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"


def contributors(model: Model) -> str:
    names = [person.display_name for person in people_who_may(CONTRIBUTE, model)]
    return f"{joined(names)} may." if names else "An administrator can grant the role Contributor."
