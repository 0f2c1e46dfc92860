"""A promotion's life as a table: what may happen in which state, and where it leads.

Pages, API and workers all move promotions through `next_state`; what isn't in the table can't happen.
Who may cause an event is said in `approvals.permissions`.
"""

from enum import StrEnum

from approvals.models import OPEN_STATES, State


class Event(StrEnum):
    GATES_CLEARED = "gates_cleared"  # all passed or inconclusive, and people must decide
    NOBODY_ASKED = "nobody_asked"  # all passed, and the policy has no slots: it moves by itself
    GATE_FAILED = "gate_failed"
    RESTART = "restart"  # begins anew under the policy as it is now
    RECHECK = "recheck"  # a gate runs again: by hand, after a new card, after the baseline moved
    SLOTS_FILLED = "slots_filled"
    REOPEN = "reopen"  # a slot is empty again before the promotion was completed
    MOVED = "moved"
    REQUEST_CHANGES = "request_changes"
    RESUBMIT = "resubmit"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"


_S, _E = State, Event

TRANSITIONS: dict[tuple[State, Event], State] = {
    (_S.CHECKING, _E.GATES_CLEARED): _S.IN_REVIEW,
    (_S.CHECKING, _E.NOBODY_ASKED): _S.APPROVED,
    (_S.CHECKING, _E.GATE_FAILED): _S.BLOCKED,
    (_S.CHECKING, _E.RECHECK): _S.CHECKING,
    (_S.BLOCKED, _E.RECHECK): _S.CHECKING,
    (_S.IN_REVIEW, _E.RECHECK): _S.CHECKING,
    (_S.CHANGES_REQUESTED, _E.RECHECK): _S.CHANGES_REQUESTED,
    (_S.APPROVED, _E.RECHECK): _S.CHECKING,
    (_S.IN_REVIEW, _E.SLOTS_FILLED): _S.APPROVED,
    (_S.APPROVED, _E.MOVED): _S.COMPLETED,
    (_S.APPROVED, _E.REOPEN): _S.IN_REVIEW,
    (_S.CHECKING, _E.REQUEST_CHANGES): _S.CHANGES_REQUESTED,
    (_S.BLOCKED, _E.REQUEST_CHANGES): _S.CHANGES_REQUESTED,
    (_S.IN_REVIEW, _E.REQUEST_CHANGES): _S.CHANGES_REQUESTED,
    (_S.APPROVED, _E.REQUEST_CHANGES): _S.CHANGES_REQUESTED,
    (_S.CHANGES_REQUESTED, _E.RESUBMIT): _S.CHECKING,
    **{(state, _E.RESTART): _S.CHECKING for state in OPEN_STATES},
    **{(state, _E.REJECT): _S.REJECTED for state in OPEN_STATES},
    **{(state, _E.WITHDRAW): _S.WITHDRAWN for state in OPEN_STATES},
    **{(state, _E.EXPIRE): _S.EXPIRED for state in OPEN_STATES},
    **{(state, _E.SUPERSEDE): _S.SUPERSEDED for state in OPEN_STATES},
}


class NoSuchTransition(Exception):
    """A bug: an action tried what the table doesn't have. People are refused before, with a reason."""


def next_state(state: str, event: Event) -> State:
    try:
        return TRANSITIONS[State(state), event]
    except KeyError as error:
        raise NoSuchTransition(f"A promotion that is {state} has no way to {event}.") from error


def can_happen(state: str, event: Event) -> bool:
    return (State(state), event) in TRANSITIONS
