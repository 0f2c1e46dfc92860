"""What the rounds of a measurement come to, against numpy and the statistics of a textbook."""

import numpy as np
import pytest

from evidence.measuring import Round, median_of, median_ratio, take_turns


def test_a_round_tells_percentiles_linear_between_neighbours() -> None:
    # For 1 … 101 the p-th percentile is p + 1, by definition.
    told = Round(np.arange(1.0, 102.0), idle_bytes=40, peak_bytes=50, isolation="limits").to_dict()
    assert told == {"calls": 101, "p50": 51, "p95": 96, "p99": 100, "idle_bytes": 40, "peak_bytes": 50}


def test_sides_take_turns_and_none_is_always_first() -> None:
    order: list[str] = []

    def side(name: str) -> str:
        order.append(name)
        return f"{name}{len(order)}"

    made = take_turns([lambda: side("a"), lambda: side("b")], rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert made == [["a1", "a4", "a5"], ["b2", "b3", "b6"]]


def test_one_bad_moment_moves_no_median() -> None:
    rounds = [{"p95": value} for value in (1.0, 1.1, 0.9, 50.0, 1.05)]
    assert median_of(rounds, "p95") == 1.05


def test_a_slow_spell_that_hits_both_sides_moves_no_ratio() -> None:
    own = [{"p95": value} for value in (2.0, 20.0, 2.0)]
    live = [{"p95": value} for value in (1.0, 10.0, 1.0)]
    assert median_ratio(own, live, "p95") == 2.0


def test_rounds_that_were_not_made_together_have_no_ratio() -> None:
    with pytest.raises(ValueError, match=r"longer|shorter"):
        median_ratio([{"p95": 1.0}], [{"p95": 1.0}, {"p95": 1.0}], "p95")
