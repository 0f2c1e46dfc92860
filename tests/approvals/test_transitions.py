"""State × event × role: every cell moves to where the tables here say, or is refused by name and changes nothing.

The tables are written down from the description of a promotion's life, not read from the code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from accounts.actions import create_person, edit_person, grant_role
from accounts.models import User
from accounts.reasons import Refusal
from accounts.roles import Role
from approvals.actions import (
    acknowledge_gate,
    comment_on_promotion,
    rerun_gate,
    restart_promotion,
    resubmit_promotion,
    review_promotion,
    take_over_promotion,
    tick_item,
    waive_gate,
    withdraw_promotion,
)
from approvals.actions.gates import record_outcome
from approvals.gates import Judged
from approvals.models import Outcome, Promotion, State
from approvals.standing import current_runs
from approvals.transitions import Event, NoSuchTransition, can_happen, next_state
from tests import factories
from tests.approvals import snapshots
from tests.replaying import replayed
from work.actions import LeaseLost, claim

OPEN = ("checking", "blocked", "in_review", "changes_requested", "approved")
CLOSED = ("completed", "rejected", "withdrawn", "expired", "superseded")

# A dot: it can't happen there. Nothing leads out of a closed state.
LIFE = """
event            checking           blocked            in_review          changes_requested  approved
gates_cleared    in_review          .                  .                  .                  .
nobody_asked     approved           .                  .                  .                  .
gate_failed      blocked            .                  .                  .                  .
recheck          checking           checking           checking           changes_requested  checking
restart          checking           checking           checking           checking           checking
slots_filled     .                  .                  approved           .                  .
moved            .                  .                  .                  .                  completed
reopen           .                  .                  .                  .                  in_review
request_changes  changes_requested  changes_requested  changes_requested  .                  changes_requested
resubmit         .                  .                  .                  checking           .
reject           rejected           rejected           rejected           rejected           rejected
withdraw         withdrawn          withdrawn          withdrawn          withdrawn          withdrawn
expire           expired            expired            expired            expired            expired
supersede        superseded         superseded         superseded         superseded         superseded
"""

# What an act of somebody who may comes to. "=state" moves (or stays) there; anything else is the refusal's code.
ACTS = """
act             checking           blocked            in_review          changes_requested  approved           closed
approve         gates_running      blocked            =in_review         not_now            not_now            closed
request_changes =changes_requested =changes_requested =changes_requested not_now            =changes_requested closed
reject          =rejected          =rejected          =rejected          =rejected          =rejected          closed
tick            gates_running      =blocked           =in_review         =changes_requested =approved          closed
withdraw        =withdrawn         =withdrawn         =withdrawn         =withdrawn         =withdrawn         closed
resubmit        not_now            not_now            not_now            =in_review         not_now            closed
rerun           gate_running       =checking          =checking          =changes_requested =checking          closed
waive           nothing_to_waive   =in_review         nothing_to_waive   nothing_to_waive   nothing_to_waive   closed
take_over       requester_there    requester_there    requester_there    requester_there    requester_there    closed
restart         policy_current     policy_current     policy_current     policy_current     policy_current     closed
"""

# Who may ("yes"), and the code of the refusal of who never may, whatever the state.
PEOPLE = """
role         approve       request_changes  reject        tick          waive
requester    requester     requester        requester     requester     requester
contributor  not_reviewer  not_reviewer     not_reviewer  not_reviewer  not_approver
reviewer     yes           yes              yes           yes           not_approver
approver     yes           yes              yes           yes           yes
operator     not_reviewer  not_reviewer     not_reviewer  not_reviewer  not_approver
auditor      not_reviewer  not_reviewer     not_reviewer  not_reviewer  not_approver
viewer       not_reviewer  not_reviewer     not_reviewer  not_reviewer  not_approver
service      service       service          service       service       service
superuser    not_reviewer  not_reviewer     not_reviewer  not_reviewer  not_approver
outsider     not_reviewer  not_reviewer     not_reviewer  not_reviewer  not_approver
self_made    self_granted  self_granted     self_granted  self_granted  not_approver
left         inactive      inactive         inactive      inactive      inactive
"""
SEEING_TO = """
role         withdraw       resubmit       rerun          take_over      restart
requester    yes            yes            yes            yes            yes
contributor  not_requester  yes            yes            yes            yes
reviewer     not_requester  not_permitted  yes            not_permitted  not_permitted
approver     not_requester  not_permitted  yes            not_permitted  not_permitted
operator     not_requester  not_permitted  not_permitted  not_permitted  not_permitted
auditor      not_requester  not_permitted  not_permitted  not_permitted  not_permitted
viewer       not_requester  not_permitted  not_permitted  not_permitted  not_permitted
service      not_requester  yes            yes            service        yes
superuser    not_requester  not_permitted  not_permitted  not_permitted  not_permitted
outsider     not_requester  not_permitted  not_permitted  not_permitted  not_permitted
self_made    not_requester  not_permitted  yes            not_permitted  not_permitted
left         not_requester  not_permitted  not_permitted  not_permitted  not_permitted
"""

VERBS = {
    "approve": "promotion.approved",
    "request_changes": "promotion.changes_requested",
    "reject": "promotion.rejected",
    "tick": "promotion.item_ticked",
    "withdraw": "promotion.withdrawn",
    "resubmit": "promotion.resubmitted",
    "rerun": "gate.rerun",
    "waive": "gate.waived",
    "take_over": "promotion.taken_over",
    "restart": "promotion.restarted",
}
#: Events that people cause by their acts, and those that only follow from something else.
CAUSED_BY_PEOPLE = {"request_changes", "resubmit", "reject", "withdraw", "recheck", "restart", "slots_filled"}
FOLLOWS = {"gates_cleared", "nobody_asked", "gate_failed", "moved", "reopen", "expire", "supersede"}


def read_table(text: str) -> dict[str, dict[str, str]]:
    header, *lines = [line.split() for line in text.strip().splitlines()]
    return {line[0]: dict(zip(header[1:], line[1:], strict=True)) for line in lines}


LIFE_TABLE, ACTS_TABLE = read_table(LIFE), read_table(ACTS)
PEOPLE_TABLE = {role: {**decide, **read_table(SEEING_TO)[role]} for role, decide in read_table(PEOPLE).items()}


# --- The table itself --------------------------------------------------------------------------------


def test_the_tables_here_know_every_state_and_event() -> None:
    assert set(State.values) == {*OPEN, *CLOSED}
    assert {event.value for event in Event} == set(LIFE_TABLE) == CAUSED_BY_PEOPLE | FOLLOWS


@pytest.mark.parametrize("event", LIFE_TABLE)
@pytest.mark.parametrize("state", [*OPEN, *CLOSED])
def test_an_event_leads_where_the_life_of_a_promotion_says_or_nowhere(state: str, event: str) -> None:
    expected = LIFE_TABLE[event].get(state, ".")
    if expected == ".":
        assert not can_happen(state, Event(event))
        with pytest.raises(NoSuchTransition, match=state):
            next_state(state, Event(event))
    else:
        assert can_happen(state, Event(event))
        assert next_state(state, Event(event)) == expected


# --- What people do ----------------------------------------------------------------------------------


def approve(promotion: Promotion, actor: User, slot: str) -> None:
    mine = {"model": ["keeper", "rollback"], "risk": ["cost", "rollback"]}[slot]
    review_promotion(promotion, actor=actor, verdict="approve", seal=promotion.seal, slot=slot, ticks=mine)


def waive_first_failure(promotion: Promotion, actor: User) -> None:
    run = current_runs(promotion)[0]
    waive_gate(promotion, run.key, actor=actor, reason="Known, and smaller than it looks.", digest=run.digest)


DO: dict[str, Callable[[Promotion, User, str], object]] = {
    "approve": approve,
    "request_changes": lambda promotion, actor, _: review_promotion(
        promotion, actor=actor, verdict="request_changes", seal=promotion.seal, comment="Thin card."
    ),
    "reject": lambda promotion, actor, _: review_promotion(
        promotion, actor=actor, verdict="reject", seal=promotion.seal, comment="Worse for the south."
    ),
    "tick": lambda promotion, actor, _: tick_item(promotion, "rollback", actor=actor, seal=promotion.seal),
    "withdraw": lambda promotion, actor, _: withdraw_promotion(promotion, actor=actor, reason="A better one comes."),
    "resubmit": lambda promotion, actor, _: resubmit_promotion(promotion, actor=actor, answer="It says so now."),
    "waive": lambda promotion, actor, _: waive_first_failure(promotion, actor),
    "take_over": lambda promotion, actor, _: take_over_promotion(promotion, actor=actor, reason="Dana left."),
    "restart": lambda promotion, actor, _: restart_promotion(promotion, actor=actor, reason="New rules."),
    "rerun": lambda promotion, actor, _: rerun_gate(promotion, "integrity", actor=actor, reason="Disk was replaced."),
}


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    """One person for each role on all models, and some who hold none that counts."""
    return everybody()


@replayed
def everybody() -> SimpleNamespace:
    who = factories.personas()
    self_made = factories.person("Selma Made")
    grant_role(Role.REVIEWER, to=self_made, actor=self_made)
    left = factories.person("Lee Left", Role.REVIEWER)
    left.is_active = False
    edit_person(left, actor=None)
    service = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=service, actor=None)
    return SimpleNamespace(
        requester=who.dana,
        contributor=factories.person("Chris Contributor", Role.CONTRIBUTOR),
        reviewer=factories.person("Rae Reviewer", Role.REVIEWER),
        approver=factories.person("Abe Approver", Role.APPROVER),
        operator=who.omar,
        auditor=who.ana,
        viewer=factories.person("Vic Viewer", Role.VIEWER),
        service=service,
        superuser=who.admin,
        outsider=factories.person("Otto Outsider"),
        self_made=self_made,
        left=left,
    )


@dataclass(frozen=True)
class Cell:
    """What came of one act: the state it led to with a verb on the record, or the code of a refusal."""

    came_to: str
    recorded: bool = True
    changed: bool = True


def try_out(promotion: Promotion, act: str, person: User, slot: str, before: dict[str, list[Any]]) -> Cell:
    """Does it and undoes it again."""
    with transaction.atomic():
        try:
            DO[act](promotion, person, slot)
        except Refusal as refusal:
            return Cell(refusal.reason.code, recorded=False, changed=snapshots.rows() != before)
        state = Promotion.objects.get(pk=promotion.pk).state
        recorded = VERBS[act] in snapshots.verbs()[len(before["AuditEvent"]) :]
        transaction.set_rollback(True)
    return Cell(f"={state}", recorded=recorded)


def expected_cell(state: str, act: str, role: str) -> Cell:
    personal = PEOPLE_TABLE[role][act]
    outcome = ACTS_TABLE[act]["closed" if state in CLOSED else state] if personal == "yes" else personal
    if (state, act) == ("approved", "tick"):  # everything is ticked by then
        return Cell(outcome, recorded=False, changed=personal == "yes")
    return Cell(outcome) if outcome.startswith("=") else Cell(outcome, recorded=False, changed=False)


@pytest.mark.parametrize("state", [*OPEN, *CLOSED])
def test_each_act_of_each_role_moves_or_is_refused_by_name_and_changes_nothing(
    state: str, people: SimpleNamespace
) -> None:
    promotion = factories.promotion_in(State(state))
    assert promotion.state == state
    before = snapshots.rows()
    found, expected = {}, {}
    for role in PEOPLE_TABLE:
        for act in ACTS_TABLE:
            slot = "risk" if role == "approver" else "model"
            found[role, act] = try_out(promotion, act, getattr(people, role), slot, before)
            expected[role, act] = expected_cell(state, act, role)
    assert found == expected


def test_the_last_approval_fills_the_slots_and_completes(people: SimpleNamespace) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW)
    approve(promotion, people.reviewer, "model")
    approve(promotion, people.approver, "risk")
    promotion.refresh_from_db()
    assert promotion.state == "completed"


@pytest.mark.parametrize("state", ["checking", "in_review", "completed"])
def test_a_comment_moves_nothing(state: str, people: SimpleNamespace) -> None:
    promotion = factories.promotion_in(State(state))
    before = snapshots.rows()
    comment_on_promotion(promotion, actor=people.viewer, comment="Seen.")
    after = snapshots.rows()
    assert after.pop("AuditEvent")[:-1] == before.pop("AuditEvent")
    assert after == before


@pytest.mark.parametrize("state", ["checking", "in_review"])
def test_only_an_inconclusive_gate_can_be_acknowledged(state: str, people: SimpleNamespace) -> None:
    promotion = factories.promotion_in(State(state))
    before = snapshots.rows()
    with pytest.raises(Refusal) as refused:
        acknowledge_gate(promotion, "no-loss", actor=people.reviewer, reason="Small loss.", digest="")
    assert refused.value.reason.code == "nothing_to_acknowledge"
    assert snapshots.rows() == before


# --- What follows by itself -----------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED])
@pytest.mark.parametrize("act", ["reject", "request_changes", "withdraw"])
def test_a_gate_that_ends_after_people_decided_moves_nothing(
    act: str, outcome: Outcome, people: SimpleNamespace
) -> None:
    promotion = factories.promotion_in(State.CHECKING)
    leases = [(run, claim(run.job_id or 0)) for run in current_runs(promotion)]
    DO[act](promotion, people.requester if act == "withdraw" else people.reviewer, "model")
    promotion.refresh_from_db()
    decided = promotion.state
    for run, lease in leases:
        assert lease is not None
        if decided == State.CHANGES_REQUESTED:
            record_outcome(run, Judged(outcome, "late"), lease=lease)
        else:
            with pytest.raises(LeaseLost):
                record_outcome(run, Judged(outcome, "late"), lease=lease)
    promotion.refresh_from_db()
    assert promotion.state == decided


@pytest.mark.parametrize("state", ["blocked", "in_review", "changes_requested", "approved"])
def test_the_outcome_of_a_run_that_was_replaced_is_not_written(state: str, people: SimpleNamespace) -> None:
    promotion = factories.promotion_in(State(state))
    rerun_gate(promotion, "integrity", actor=people.contributor, reason="Once more.")
    old = promotion.gate_runs.get(key="integrity", is_current=True)
    lease = claim(old.job_id or 0)
    assert lease is not None
    record_outcome(old, Judged(Outcome.PASSED, "first"), lease=lease)
    rerun_gate(promotion, "integrity", actor=people.contributor, reason="And again.")
    before = snapshots.rows()
    with pytest.raises(LeaseLost):
        record_outcome(old, Judged(Outcome.FAILED, "late"), lease=lease)
    assert snapshots.rows() == before
