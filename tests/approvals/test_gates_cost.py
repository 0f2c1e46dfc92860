from typing import Any

import pytest

from approvals.gates import GATES
from approvals.gates.cost import significant
from evidence.models import Measurement
from registry.models import Model
from tests import factories
from tests.approvals.judging import judge
from tests.approvals.timed_versions import Stopwatch, candidate, live, stopwatch

__all__ = ["stopwatch"]

ON_HOLDOUT = {"dataset": factories.HOLDOUT}
# 9 ms for 100 rows are 90 ms for 1,000: 1/40,000 of an hour. At 4 an hour that costs 0.0001.
NINE = [9.0] * 5
PRICED: dict[str, Any] = {**ON_HOLDOUT, "price_per_hour": 4, "batch_rows": 100}


@pytest.mark.parametrize(("at_most", "outcome", "sign"), [(0.0001, "passed", "≤"), (0.00009, "failed", ">")])
def test_a_thousand_predictions_are_held_to_their_price(
    loan: Model, stopwatch: Stopwatch, at_most: float, outcome: str, sign: str
) -> None:
    stopwatch.script("candidate", NINE)
    run = judge(candidate(loan), "cost", at_most=at_most, **PRICED)
    told = f"Cost per 1,000 predictions USD 0.0001 {sign} USD {at_most:.5f}".rstrip("0")
    assert (run.outcome, run.summary) == (outcome, told)
    assert run.details["value"] == pytest.approx(0.0001)
    assert run.provenance == "executed"


def test_the_median_call_of_the_asked_batch_is_priced(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.script("candidate", [9.0, 90.0, 9.0, 9.0, 1.0])
    run = judge(candidate(loan), "cost", at_most=1, **{**PRICED, "batch_rows": 50})
    assert run.details["value"] == pytest.approx(0.0002)  # the same call for half the rows
    assert {plan.batch_rows for plan in stopwatch.plans} == {50}


def test_facts_tell_formula_host_and_both_sides(loan: Model, stopwatch: Stopwatch) -> None:
    live(loan)
    stopwatch.script("candidate", NINE)
    stopwatch.script("live", [4.5] * 5, megabytes=[80] * 5)
    facts = dict(judge(candidate(loan), "cost", at_most=1, currency="€", **PRICED).details["facts"])
    assert facts["Formula"] == "9 ms a call ÷ 100 rows × 1,000 ÷ 3,600,000 ms × € 4 an hour = € 0.0001"
    assert facts["Per million"] == "€ 0.1"
    assert facts["Host"] == Measurement.objects.get(version__number=2).host
    idle = "before the model was loaded"
    assert facts["loan v2"] == f"p50 9.00 ms, p95 9.00 ms, p99 9.00 ms; peak memory 100.0 MB, 40.0 MB {idle}"
    assert facts["loan v1"] == f"p50 4.50 ms, p95 4.50 ms, p99 4.50 ms; peak memory 80.0 MB, 40.0 MB {idle}"
    assert facts["Rounds"] == "loan v2: € 0.0001 to € 0.0001; loan v1: € 0.00005 to € 0.00005"


@pytest.mark.parametrize(("ratio", "outcome"), [(2, "passed"), (1.9, "failed")])
def test_a_ratio_is_to_what_is_live(loan: Model, stopwatch: Stopwatch, ratio: float, outcome: str) -> None:
    live(loan)
    stopwatch.script("candidate", NINE)
    stopwatch.script("live", [4.5] * 5)
    run = judge(candidate(loan), "cost", at_most_ratio=ratio, **PRICED)
    sign = "≤" if outcome == "passed" else ">"
    assert run.outcome == outcome
    assert run.summary == f"Cost per 1,000 predictions USD 0.0001; 2.00× that of loan v1 {sign} {ratio}×"


def test_it_is_timed_anew_in_each_run(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.script("candidate", NINE * 2)
    first, second = candidate(loan), candidate(loan)  # the same bytes by another name
    judge(first, "cost", at_most=1, **PRICED)
    judge(second, "cost", at_most=1, **PRICED)
    assert (len(stopwatch.started), Measurement.objects.count()) == (10, 2)


def test_a_version_that_is_not_run_here_is_an_error_with_the_remedy(loan: Model) -> None:
    run = judge(candidate(loan, format="pickle"), "cost", at_most=1, **PRICED)
    assert run.outcome == "error"
    assert "can't be timed" in run.summary


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "give a ceiling, at_most_ratio, or both"),
        ({"at_most": 0}, "a limit must be above 0"),
        ({"at_most": 1, "price_per_hour": 0}, "price_per_hour must be above 0"),
        ({"at_most": 1, "batch_rows": 0}, "batch_rows must be from 1 to 10,000"),
        ({"at_most": 1, "batch_rows": 10_001}, "batch_rows must be from 1 to 10,000"),
        ({"at_most": 1, "currency": ""}, "currency must be a short word"),
        ({"at_most": 1, "currency": "US dollars"}, "currency must be a short word"),
        ({"at_most": 1, "currency": 840}, "currency must be text"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["cost"].read_parameters({**PRICED, **wrong})


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0.0000056, "0.0000056"), (0.00012345, "0.000123"), (2, "2"), (12.345, "12.3"), (1234.5, "1,234"), (0, "0")],
)
def test_small_amounts_keep_three_digits_that_count(amount: float, words: str) -> None:
    assert significant(amount) == words
