"""Decisions at the same moment over connections of their own: slots, seals and stages hold."""

from typing import Any

import pytest

from tests.faults.desks import Desk

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("deciding at once")]
Rounds = list[dict[str, Any]]


@pytest.fixture(scope="module")
def races(unstaffed_desk: Desk) -> dict[str, Rounds]:
    """What came of each race, round by round."""
    run: dict[str, Rounds] = unstaffed_desk.play("deciding_at_once", "all_of_them")
    assert all(run.values())
    return run


def test_one_person_s_thirty_two_clicks_are_one_approval(races: dict[str, Rounds]) -> None:
    for found in races["one_person_clicks_often"]:
        assert found["answers"] == {"ok": 32}  # the same approval again is the approval there is
        assert (found["approvals"], found["approved"], found["ticks"]) == (1, 1, 2)
        assert found["state"] == "in_review"


def test_of_two_people_for_one_slot_one_fills_it_and_the_other_hears_so(races: dict[str, Rounds]) -> None:
    for found in races["two_people_for_one_slot"]:
        assert found["answers"] == {"ok": 16, "moved: slots_filled": 16}  # each clicks sixteen times
        assert (found["approvals"], found["approved"], found["state"]) == (1, 1, "in_review")


def test_one_person_cannot_fill_both_slots_by_being_quick(races: dict[str, Rounds]) -> None:
    for found in races["one_person_for_both_slots"]:
        assert found["answers"] in ({"ok": 2}, {"ok": 1, "moved: approved_already": 1})  # the same seal: idempotent
        assert (found["approvals"], found["approved"], found["state"]) == (1, 1, "in_review")


def test_two_people_who_fill_the_last_two_slots_at_once_complete_it_once(races: dict[str, Rounds]) -> None:
    for found in races["both_slots_by_two_people"]:
        assert found["answers"] == {"ok": 2}
        assert (found["state"], found["approvals"], found["completed"]) == ("completed", 2, 1)
        assert (found["live"], found["plans"]) == (1, 1)


def test_of_the_last_approval_and_a_rejection_the_first_wins_and_the_other_is_too_late(
    races: dict[str, Rounds],
) -> None:
    for found in races["last_approval_against_rejection"]:
        assert found["answers"] == {"ok": 1, "moved: closed": 1}
        assert (found["state"], found["completed"]) in {("completed", 1), ("rejected", 0)}


def test_the_last_approval_never_completes_on_a_card_it_has_not_seen(races: dict[str, Rounds]) -> None:
    for found in races["last_approval_against_a_new_card"]:
        # Either it was first and the version went live on the card that was shown, or it was refused.
        assert (found["state"], found["answers"]) in [
            ("completed", {"ok": 2}),
            ("checking", {"ok": 1, "moved: gates_running": 1}),
        ]


def test_two_versions_that_go_live_at_once_leave_one_live_and_the_other_compared_anew(races: dict[str, Rounds]) -> None:
    for found in races["two_versions_go_live"]:
        assert found["answers"] == {"ok": 1, "moved: gates_running": 1}
        assert found["states"] == ["checking", "completed"]
        assert (found["live"], found["plans"]) == (1, 1)


# --- What is decided on changes meanwhile -------------------------------------------------------------


@pytest.fixture(scope="module")
def swaps(unstaffed_desk: Desk, races: dict[str, Rounds]) -> dict[str, Rounds]:
    run: dict[str, Rounds] = unstaffed_desk.play("swapping_evidence", "all_of_them")
    assert all(run.values())
    return run


TOO_LATE = {"moved: gates_running", "moved: promotion_moved"}


def test_no_approval_is_recorded_on_evidence_that_was_replaced_while_it_was_pressed(swaps: dict[str, Rounds]) -> None:
    for found in swaps["against_a_new_outcome"]:
        assert set(found["answers"]) - {"ok"} <= TOO_LATE
        assert found["answers"]["ok"] == 1  # the outcome's own; none of the four presses
        assert (found["state"], found["completed"], found["approved"]) == ("in_review", 0, 1)
        assert found["approvals"] == 0  # the earlier one rested on the old evidence, and fell


def test_an_outcome_that_changes_nothing_lets_the_approval_through_once(swaps: dict[str, Rounds]) -> None:
    for found in swaps["against_an_outcome_that_is_the_same"]:
        pressed = found["answers"].pop("ok") - 1
        late = set(found["answers"])
        if pressed:
            assert late <= {"moved: gates_running", "moved: closed"}
            assert (found["state"], found["completed"], found["approvals"]) == ("completed", 1, 2)
        else:
            assert late == {"moved: gates_running"}
            assert (found["state"], found["completed"], found["approvals"]) == ("in_review", 0, 1)
        assert found["on_other_outcomes"] == 0


def test_a_gate_that_fails_at_that_moment_leaves_nothing_to_approve(swaps: dict[str, Rounds]) -> None:
    for found in swaps["against_a_failure"]:
        assert found["answers"]["ok"] == 1
        assert (found["state"], found["completed"], found["approved"], found["live"]) == ("blocked", 0, 1, 1)


def test_running_a_gate_again_comes_before_the_approval_or_too_late(swaps: dict[str, Rounds]) -> None:
    for found in swaps["against_the_wish_to_run_it_again"]:
        if found["state"] == "completed":
            assert (found["completed"], found["approvals"]) == (1, 2)
            assert found["on_other_outcomes"] == 0
        else:
            assert (found["state"], found["completed"], found["approved"]) == ("checking", 0, 1)
            assert found["answers"] == {"ok": 1, "moved: gates_running": 4}
