"""kill -9 at each step of a gate: the work is done again, and what it comes to is written once."""

import signal

import pytest

from tests.faults.staff import House
from tests.processes import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("house")]

STEPS = ["claimed", "reading", "running", "measuring", "judging", "recording", "recorded"]


@pytest.fixture(scope="module")
def fallen(house: House) -> dict[str, dict]:
    """By step, what came of a gate whose worker process killed itself there; "always" did so in every attempt."""
    with house.gates.standing_still():
        opened = dict(zip([*STEPS, "always"], house.desk.play("gates_at_work", "open_some", count=8), strict=True))
        for step in STEPS:
            house.fall(opened[step]["job"], step)
        house.fall(opened["always"]["job"], "running", times=3)
    promotions = [each["promotion"] for each in opened.values()]
    found = house.desk.play("gates_at_work", "finished", promotions=promotions)
    assert not list(house.stumble_in.iterdir())  # each of them did fall
    return dict(zip(opened, found, strict=True))


@pytest.mark.parametrize("step", STEPS)
def test_a_gate_whose_worker_was_killed_at_this_step_finishes_exactly_once(fallen: dict[str, dict], step: str) -> None:
    found = fallen[step]
    assert (found["outcome"], found["state"]) == ("passed", "in_review"), found["summary"]
    assert (found["finished"], found["channels"]) == (["passed"], ["worker"])
    assert (found["evaluations"], found["verbs"]["promotion.review_started"]) == (1, 1)
    assert found["job"] == "succeeded"
    assert found["attempts"] == (1 if step == "recorded" else 2)  # what was committed isn't done again


def test_a_gate_that_cost_three_workers_their_lives_is_an_error_and_never_a_pass(fallen: dict[str, dict]) -> None:
    found = fallen["always"]
    assert (found["outcome"], found["state"]) == ("error", "blocked")
    assert "worker was stopped each time" in found["summary"]
    assert (found["finished"], found["evaluations"], found["attempts"]) == (["error"], 0, 4)


def test_a_gate_outlives_its_worker_with_everything_it_had_started(house: House) -> None:
    [opened] = house.desk.play("gates_at_work", "open_some", count=1, seconds=2)
    house.desk.play("gates_at_work", "until_one_runs_its_model", jobs=[opened["job"]])
    house.gates.kill()
    house.gates.start()
    [found] = house.desk.play("gates_at_work", "finished", promotions=[opened["promotion"]])
    assert (found["outcome"], found["finished"], found["attempts"]) == ("passed", ["passed"], 2), found["summary"]
    assert found["evaluations"] == 1


def test_a_worker_that_stood_still_past_its_lease_writes_nothing_when_it_goes_on(house: House) -> None:
    with house.gates.standing_still():
        [opened] = house.desk.play("gates_at_work", "open_some", count=1)
        house.fall(opened["job"], "judging", "STOP")
    [found] = house.desk.play("gates_at_work", "finished", promotions=[opened["promotion"]])
    house.gates.send(signal.SIGCONT)
    refused = f"Job {opened['job']} was claimed again after attempt 1"
    wait_until(lambda: refused in house.gates.said)
    assert house.desk.play("gates_at_work", "finished", promotions=[opened["promotion"]]) == [found]
    assert (found["outcome"], found["finished"], found["attempts"]) == ("passed", ["passed"], 2), found["summary"]
