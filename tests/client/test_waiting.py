from typing import Any

import pytest

from assaydesk_client import TimedOut, wait_for_comparison, wait_for_promotion
from tests.client.recorded import promotion


class Replay:
    """Answers with one state after another; the last one stays."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.asked = 0

    def promotion(self, promotion_id: int) -> Any:
        self.asked += 1
        return promotion(self.states.pop(0) if len(self.states) > 1 else self.states[0])


class Clock:
    """Time that passes only by pausing."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def wait(replay: Replay, clock: Clock, **options: Any) -> Any:
    return wait_for_promotion(replay, 7, clock=clock, pause=clock.pause, **options)


@pytest.mark.parametrize(
    "end", ["completed", "rejected", "withdrawn", "expired", "superseded", "blocked", "changes_requested"]
)
def test_waiting_ends_where_nothing_more_happens_by_itself(end: str) -> None:
    assert wait(Replay("checking", "in_review", end), Clock())["state"] == end


def test_waiting_for_review_ends_there() -> None:
    replay = Replay("checking", "in_review", "completed")
    assert wait(replay, Clock(), until={"in_review"})["state"] == "in_review"


def test_waiting_for_review_does_not_outlast_a_closed_promotion() -> None:
    assert wait(Replay("checking", "withdrawn"), Clock(), until={"in_review"})["state"] == "withdrawn"


def test_waiting_stops_exactly_when_the_time_is_over() -> None:
    clock = Clock()
    with pytest.raises(TimedOut, match="In review after 60 s"):
        wait(Replay("in_review"), clock, timeout=60.0)
    assert clock.now == pytest.approx(60.0)


def test_questions_become_rarer_but_never_rarer_than_ten_seconds() -> None:
    clock = Clock()
    with pytest.raises(TimedOut):
        wait(Replay("in_review"), clock, timeout=600.0)
    assert clock.pauses[0] == 0.5
    assert max(clock.pauses) == 10.0
    assert clock.pauses[:-1] == sorted(clock.pauses[:-1])


def test_no_time_to_wait_means_asking_once() -> None:
    replay = Replay("in_review")
    with pytest.raises(TimedOut):
        wait(replay, Clock(), timeout=0.0)
    assert replay.asked == 1


class ComparingReplay:
    """Answers with one number of comparisons to come after another; the last one stays."""

    def __init__(self, *open_ones: int) -> None:
        self.open_ones = list(open_ones)
        self.asked: list[Any] = []

    def compare(self, model: str, versions: Any, **options: Any) -> Any:
        self.asked.append((model, versions, options))
        left = self.open_ones.pop(0) if len(self.open_ones) > 1 else self.open_ones[0]
        return {"waited_for": [[2, 1]] * left}


def test_waiting_for_comparisons_ends_when_none_is_open() -> None:
    replay, clock = ComparingReplay(2, 1, 0), Clock()
    wait_for_comparison(replay, "loans", [1, 2], dataset="held-out@1", clock=clock, pause=clock.pause)
    assert replay.asked == [("loans", [1, 2], {"dataset": "held-out@1", "baseline": None})] * 3


def test_waiting_for_comparisons_stops_when_the_time_is_over() -> None:
    clock = Clock()
    with pytest.raises(TimedOut, match="2 comparisons are still to be made after 60 s"):
        wait_for_comparison(ComparingReplay(2), "loans", [1, 2], timeout=60.0, clock=clock, pause=clock.pause)
    assert clock.now == pytest.approx(60.0)
