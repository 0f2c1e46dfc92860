from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.gates import GATES
from approvals.models import GateRun
from evidence.actions import lock_dataset
from evidence.actions.evaluate import store_evaluation
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import Provenance
from registry.actions import create_dataset
from registry.models import Model
from tests import factories
from tests.approvals.judging import judge

NOISE = np.random.default_rng(5).normal(0, 10, 200)


def judged(loan: Model, errors: Sequence[float], weights: Sequence[int] = (), **parameters: Any) -> GateRun:
    """What comes of predictions that are off by this much, row by row."""
    sam, dana = factories.persona("sam"), factories.persona("dana")
    counts = weights or [1] * len(errors)
    lines = ["id,amount,fare,counts", *(f"r{row},{row},{100 + row},{counts[row]}" for row in range(len(errors)))]
    declared = Declaration(id_column="id", target="fare", task="regression", weight="counts" if weights else "")
    locked = lock_dataset(create_dataset("fares", actor=sam), ["\n".join(lines).encode()], declared, actor=sam)
    version = factories.version_of(loan, task="regression")
    rows = load_rows(locked)
    store_evaluation(version, locked, rows, rows.truth + np.array(errors), provenance=Provenance.SCORED, actor=dana)
    return judge(version, "mean_signed_error", dataset="fares@1", **parameters)


def test_an_interval_within_the_limit_passes_and_is_student_s(loan: Model) -> None:
    errors = NOISE - NOISE.mean() + 1
    run = judged(loan, errors, at_most=3.0)
    assert run.outcome == "passed"
    low, high = stats.t.interval(0.95, 199, loc=1, scale=stats.sem(errors))
    assert (run.details["low"], run.details["high"]) == pytest.approx((low, high), rel=1e-4)
    assert run.summary == f"Mean signed error +1.000 (−{-low:.3f} to +{high:.3f}), within ±3.000 on fares@1"


@pytest.mark.parametrize("shift", [8.0, -8.0])
def test_an_interval_wholly_beyond_the_limit_fails_on_either_side(loan: Model, shift: float) -> None:
    run = judged(loan, NOISE - NOISE.mean() + shift, at_most=3.0)
    assert run.outcome == "failed"
    assert "must be within ±3.000" in run.summary


@pytest.mark.parametrize("shift", [2.5, -3.4])
def test_an_interval_over_the_limit_is_inconclusive_and_says_how_many_rows_would_tell(
    loan: Model, shift: float
) -> None:
    run = judged(loan, NOISE - NOISE.mean() + shift, at_most=3.0)
    assert run.outcome == "inconclusive"
    # The half-width shrinks with 1/√n to the distance between mean and limit.
    half_width = (run.details["high"] - run.details["low"]) / 2
    expected = 200 * (half_width / abs(abs(shift) - 3)) ** 2 - 200
    assert run.details["rows_needed"] == pytest.approx(expected, abs=1)
    assert f"needs about {run.details['rows_needed']:,} more rows" in run.summary


def test_errors_that_cancel_pass_however_large_they_are(loan: Model) -> None:
    assert judged(loan, [50.0, -50.0] * 2000, at_most=2.0).outcome == "passed"


def test_one_row_has_no_interval(loan: Model) -> None:
    run = judged(loan, [0.0], at_most=3.0)
    assert (run.outcome, run.summary) == (
        "inconclusive",
        "Mean signed error +0.000: 1 row has no interval on fares@1",
    )


def test_rows_count_by_their_weight(loan: Model) -> None:
    run = judged(loan, [1.0, 4.0] * 100, weights=[3, 1] * 100, at_most=2.0)
    assert run.details["value"] == pytest.approx((3 * 1 + 1 * 4) / 4)


def test_a_candidate_without_evidence_is_an_error_not_a_pass(loan: Model) -> None:
    judged(loan, NOISE.tolist(), at_most=3.0)
    other = factories.version_of(loan, task="regression", format="pickle")
    run = judge(other, "mean_signed_error", dataset="fares@1", at_most=3.0)
    assert run.outcome == "error"
    assert "assaydesk predict" in run.summary


def test_data_that_are_no_numbers_are_refused_when_the_policy_is_published(loan: Model) -> None:
    gate = {"key": "asked", "kind": "mean_signed_error", "parameters": {"dataset": factories.HOLDOUT, "at_most": 1.0}}
    with pytest.raises(Invalid, match="Mean signed error doesn't exist for binary models"):
        publish_policy("Asked", {"gates": [gate]}, actor=None, target_stage="Staging")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "the parameter at_most is missing"),
        ({"at_most": 0}, "at_most must be above 0"),
        ({"at_most": -1.0}, "at_most must be above 0"),
        ({"at_most": float("inf")}, "at_most must be a number"),
        ({"at_most": True}, "at_most must be a number"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["mean_signed_error"].read_parameters({"dataset": "fares@1", **wrong})
