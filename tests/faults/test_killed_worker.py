"""kill -9 in the middle of a gate: the work is done again, and what it comes to is written once."""

from pathlib import Path

import pytest

from tests.faults.desks import Desk, desk_at_work_in, embedded_desk_in, fresh_database

pytestmark = pytest.mark.servers


@pytest.fixture(params=["embedded", "at work"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """A desk as it comes (SQLite, queue in files), and one as at work (PostgreSQL, Redis)."""
    if request.param == "embedded":
        return embedded_desk_in(tmp_path, request.getfixturevalue("empty_desk"))
    database = fresh_database(request.getfixturevalue("postgresql_url"))
    queue = request.getfixturevalue("redis_url")
    return desk_at_work_in(tmp_path, database_url=database, redis_url=queue)


def test_a_gate_whose_worker_was_killed_in_mid_run_finishes_exactly_once(desk: Desk) -> None:
    found = desk.play("killing_workers", "one_worker_is_killed")
    assert found["killed_while"] == ["running the model"]
    assert (found["outcome"], found["state"]) == ("passed", "in_review")
    assert (found["finished"], found["channels"], found["runs"]) == (["passed"], ["worker"], 1)
    assert (found["job"], found["attempts"]) == ("succeeded", 2)
    assert found["evaluations"] == 1


@pytest.mark.slow
def test_a_gate_that_cost_three_workers_their_lives_is_an_error_and_never_a_pass(
    tmp_path: Path, empty_desk: Path
) -> None:
    found = embedded_desk_in(tmp_path, empty_desk).play("killing_workers", "three_workers_are_killed")
    assert found["killed_while"] == ["running the model"] * 3
    assert (found["outcome"], found["state"]) == ("error", "blocked")
    assert "worker was stopped each time" in found["summary"]
    assert (found["finished"], found["evaluations"]) == (["error"], 0)
