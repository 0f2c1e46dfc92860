"""Any number of sweepers and beats is harmless: what is due happens once."""

import sys
from collections.abc import Iterator

import pytest

from tests.faults.staff import House, Part
from tests.processes import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("house")]


@pytest.fixture
def four_more(house: House) -> Iterator[None]:
    """Sweepers beside the one that is always there: five processes that all look five times a second."""
    command = [sys.executable, "-m", "tests.faults.sweeping_together", "4"]
    others = Part("sweepers", command, house.desk.environment, house.folder)
    try:
        wait_until(lambda: "sweeping" in others.said)
        yield
        assert others.is_alive
        assert others.said == "sweeping\n"  # and no error
    finally:
        others.kill()


@pytest.mark.usefixtures("four_more")
def test_with_five_sweepers_everything_that_falls_due_happens_once(house: House) -> None:
    due = house.desk.play("deadlines", "fall_due_together")
    found = house.desk.play("deadlines", "came_of_it", **due)
    assert found["reminders"]
    assert set(found["reminders"]) == {1}
    assert found["remind_jobs"] == 1
    assert found["expiring"]["promotion.expired"] == 1
    assert (found["held"]["promotion.completed"], found["plans"]) == (1, 1)
    assert set(found["attempts"]) == {1}
    assert set(found["finished"]) == {1}
