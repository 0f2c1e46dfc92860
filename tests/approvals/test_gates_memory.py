from typing import Any

import pytest

from approvals.gates import GATES
from registry.models import Model
from tests import factories
from tests.approvals.judging import judge
from tests.approvals.timed_versions import Stopwatch, candidate, live, stopwatch

__all__ = ["stopwatch"]

DATASET = {"dataset": factories.HOLDOUT}
TIMES = [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("limit", "outcome"), [("120 MB", "passed"), (119_999_999, "failed")])
def test_the_median_peak_of_the_rounds_is_judged(
    loan: Model, stopwatch: Stopwatch, limit: int | str, outcome: str
) -> None:
    stopwatch.script("candidate", TIMES, [120, 900, 110])
    run = judge(candidate(loan), "memory", at_most_bytes=limit, **DATASET)
    assert run.outcome == outcome
    assert run.summary.startswith(f"Peak memory 120.0 MB {'≤' if outcome == 'passed' else '>'} 120.0 MB")
    assert ["Rounds", "loan v1: 110.0 MB to 900.0 MB"] in run.details["facts"]


@pytest.mark.parametrize(("ratio", "outcome"), [(2.0, "passed"), (1.9, "failed")])
def test_a_ratio_is_to_what_is_live(loan: Model, stopwatch: Stopwatch, ratio: float, outcome: str) -> None:
    live(loan)
    stopwatch.script("candidate", TIMES, [200, 200, 200])
    stopwatch.script("live", TIMES, [100, 100, 100])
    run = judge(candidate(loan), "memory", at_most_ratio=ratio, **DATASET)
    assert run.outcome == outcome
    assert "2.00× that of loan v1" in run.summary


def test_a_candidate_that_is_never_executed_is_an_error(loan: Model, stopwatch: Stopwatch) -> None:
    run = judge(candidate(loan, format="keras"), "memory", at_most_bytes="900 GB", **DATASET)
    assert run.outcome == "error"
    assert "isn't run here" in run.summary


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "give a ceiling"),
        ({"at_most_bytes": "300"}, "no size"),
        ({"at_most_bytes": 0}, "at least one byte"),
        ({"at_most_bytes": 2.5}, "at_most_bytes must be a whole number or text"),
        ({"at_most_ratio": 0}, "above 0"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["memory"].read_parameters({**DATASET, **wrong})
