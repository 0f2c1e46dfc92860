"""Rollbacks at the moment when something else happens: one plan is current, and nobody undoes another's work unseen."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.desks import Desk, desk_with, environment_in

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("deciding at once")]

Rounds = list[dict[str, Any]]


@pytest.fixture(scope="module")
def races(unstaffed_desk: Desk) -> dict[str, Rounds]:
    """What came of each race, round by round."""
    run: dict[str, Rounds] = unstaffed_desk.play("going_back_at_once", "all_of_them")
    assert all(run.values())
    return run


def is_whole(found: dict[str, Any]) -> bool:
    """One plan, one version in it, and its stay in Production is the only one that hasn't ended."""
    return (len(found["live"]), found["plans"], found["terms"]) == (1, 1, 1)


COMPLETED_FIRST = (["ok", "live_moved"], ["next"], "completed", 0)
ROLLED_BACK_FIRST = (["moved: promotion_moved", "ok"], ["earlier"], "in_review", 1)


def came_out(found: dict[str, Any]) -> tuple[Any, ...]:
    return found["answers"], found["live"], found["state"], found["after_reviews"]


def test_of_a_rollback_and_the_last_approval_the_second_hears_what_is_live_by_now(races: dict[str, Rounds]) -> None:
    for found in races["against_completion"]:
        assert came_out(found) in (COMPLETED_FIRST, ROLLED_BACK_FIRST)
        assert is_whole(found)


def test_after_a_rollback_the_approval_of_what_was_compared_with_the_other_is_refused(races: dict[str, Rounds]) -> None:
    [found] = races["before_completion"]
    assert (sorted(found["answers"]), *came_out(found)[1:]) == (sorted(ROLLED_BACK_FIRST[0]), *ROLLED_BACK_FIRST[1:])
    assert is_whole(found)


def test_a_rollback_that_was_meant_for_the_version_before_does_not_hit_the_new_one(races: dict[str, Rounds]) -> None:
    [found] = races["after_completion"]
    assert came_out(found) == COMPLETED_FIRST
    assert is_whole(found)


def test_two_operators_who_press_again_and_again_roll_back_once(races: dict[str, Rounds]) -> None:
    for found in races["two_at_once"]:
        assert found["counted"] == {"ok": 1, "live_moved": 7}
        assert (found["live"], found["after_reviews"], found["told"]) == (["earlier"], 1, 1)
        assert is_whole(found)


def test_of_a_rollback_and_a_take_down_one_happens(races: dict[str, Rounds]) -> None:
    for found in races["against_a_take_down"]:
        assert found["counted"] == {"ok": 1, "live_moved": 1}
        assert (found["live"], found["plans"]) in ((["earlier"], 1), ([], 0))
        assert found["after_reviews"] == 1


# --- With nothing around it ---------------------------------------------------------------------------

AT_ONCE = 5.0
"""Seconds. Each letter and gate that waited for the queue would take as long again."""


def assert_rolled_back_without_help(found: dict[str, Any]) -> None:
    assert (found["answers"], found["live"], found["after_reviews"]) == (["ok"], ["earlier"], 1)
    assert found["letters"] > 1
    assert found["seconds"] < AT_ONCE
    assert is_whole(found)


def test_a_rollback_takes_no_queue_and_no_mail_server(unstaffed_desk: Desk, at_work: bool) -> None:
    [found] = unstaffed_desk.play("going_back_at_once", "while_nothing_answers")
    assert_rolled_back_without_help(found)
    if at_work:
        assert found["waiting"] == found["letters"]  # for the sweeper, which finds them when the queue is back


def test_a_rollback_waits_once_for_a_redis_that_takes_the_connection_and_says_nothing(
    at_work: bool, empty_database: Callable[[Path], str], tmp_path: Path
) -> None:
    if not at_work:
        pytest.skip("Redis is asked by the run with --database=postgresql")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        redis = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        environment = environment_in(tmp_path, DATABASE_URL=empty_database(tmp_path), REDIS_URL=redis)
        with desk_with(environment) as desk:
            [found] = desk.play("going_back_at_once", "while_nothing_answers")
    assert_rolled_back_without_help(found)
    assert found["waiting"] == found["letters"]
