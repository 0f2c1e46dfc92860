"""Decisions at the same moment over connections of their own: slots, seals and stages hold on both databases."""

from typing import Any

import pytest

from tests.faults.desks import Desk

pytestmark = pytest.mark.servers


Rounds = list[dict[str, Any]]


@pytest.fixture(scope="module")
def races(desk: Desk) -> dict[str, Rounds]:
    """What came of each race, round by round."""
    run: dict[str, Rounds] = desk.play("deciding_at_once", "all_of_them")
    assert all(run.values())
    return run


def test_one_person_s_eight_clicks_are_one_approval(races: dict[str, Rounds]) -> None:
    for found in races["one_person_eight_times"]:
        assert found["answers"] == ["ok"] * 8  # the same approval again is the approval there is
        assert (found["approvals"], found["approved"], found["ticks"]) == (1, 1, 2)
        assert found["state"] == "in_review"


def test_of_two_people_for_one_slot_one_fills_it_and_the_other_hears_so(races: dict[str, Rounds]) -> None:
    for found in races["two_people_for_one_slot"]:
        assert found["answers"] == ["moved: slots_filled", "ok"]
        assert (found["approvals"], found["approved"], found["state"]) == (1, 1, "in_review")


def test_one_person_cannot_fill_both_slots_by_being_quick(races: dict[str, Rounds]) -> None:
    for found in races["one_person_for_both_slots"]:
        assert found["answers"] in (["ok", "ok"], ["moved: approved_already", "ok"])  # the same seal: idempotent
        assert (found["approvals"], found["approved"], found["state"]) == (1, 1, "in_review")


def test_two_people_who_fill_the_last_two_slots_at_once_complete_it_once(races: dict[str, Rounds]) -> None:
    for found in races["both_slots_by_two_people"]:
        assert found["answers"] == ["ok", "ok"]
        assert (found["state"], found["approvals"], found["completed"]) == ("completed", 2, 1)
        assert (found["live"], found["plans"]) == (1, 1)


def test_of_the_last_approval_and_a_rejection_the_first_wins_and_the_other_is_too_late(
    races: dict[str, Rounds],
) -> None:
    for found in races["last_approval_against_rejection"]:
        assert found["answers"] == ["moved: closed", "ok"]
        assert (found["state"], found["completed"]) in {("completed", 1), ("rejected", 0)}


def test_the_last_approval_never_completes_on_a_card_it_has_not_seen(races: dict[str, Rounds]) -> None:
    for found in races["last_approval_against_a_new_card"]:
        # Either it was first and the version went live on the card that was shown, or it was refused.
        assert (found["state"], found["answers"]) in [
            ("completed", ["ok", "ok"]),
            ("checking", ["moved: gates_running", "ok"]),
        ]


def test_two_versions_that_go_live_at_once_leave_one_live_and_the_other_compared_anew(races: dict[str, Rounds]) -> None:
    for found in races["two_versions_go_live"]:
        assert found["answers"] == ["moved: gates_running", "ok"]
        assert found["states"] == ["checking", "completed"]
        assert (found["live"], found["plans"]) == (1, 1)
