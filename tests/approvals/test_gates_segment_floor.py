"""A floor for every segment. The dataset's groups are of sizes and hit rates chosen here."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.gates import GATES
from evidence.actions import lock_dataset
from evidence.actions.evaluate import store_evaluation
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import LockedDataset, Provenance
from registry.actions import create_dataset
from registry.models import Model, Version
from registry.stores import store
from tests import factories
from tests.approvals.judging import judge

ASKED = {"metric": "accuracy", "dataset": "groups@1", "column": "region"}


def grouped(loan: Model, **groups: tuple[int, int]) -> Version:
    """A version that is right in so many of so many rows of each group, half of them positive; and its data."""
    lines, scores = ["id,amount,region,approved"], []
    for group, (right, rows) in groups.items():
        for row in range(rows):
            positive = row % 2 == 0
            lines.append(f"{group}{row},{row},{group},{'yes' if positive else 'no'}")
            scores.append(0.9 if positive == (row < right) else 0.1)
    version = factories.version_of(loan)
    locked = locked_as("groups", lines)
    ran = {"provenance": Provenance.SCORED, "actor": factories.persona("dana")}
    store_evaluation(version, locked, load_rows(locked), np.array(scores), **ran)
    return version


def locked_as(name: str, lines: list[str]) -> LockedDataset:
    declared = Declaration(id_column="id", target="approved", positive="yes", segments=["region"])
    dataset = create_dataset(name, actor=factories.persona("sam"))
    return lock_dataset(dataset, ["\n".join(lines).encode()], declared, actor=factories.persona("sam"))


def test_every_segment_above_the_floor_passes_naming_the_worst(loan: Model) -> None:
    run = judge(grouped(loan, north=(95, 100), south=(80, 100)), "segment_floor", at_least=0.7, **ASKED)
    assert run.outcome == "passed"
    assert run.summary.startswith("Accuracy for south 80.00% (")
    assert run.summary.endswith("is the worst of 2, at least 70.00%")


def test_a_segment_wholly_below_the_floor_fails_though_all_rows_together_are_above(loan: Model) -> None:
    run = judge(grouped(loan, north=(990, 1000), south=(40, 100)), "segment_floor", at_least=0.7, **ASKED)
    assert run.outcome == "failed"
    assert run.summary.startswith("Accuracy for south 40.00% (")
    assert run.summary.endswith("must be at least 70.00%")


def test_a_segment_below_the_floor_whose_interval_reaches_over_is_inconclusive(loan: Model) -> None:
    run = judge(grouped(loan, north=(95, 100), south=(68, 100)), "segment_floor", at_least=0.7, **ASKED)
    assert run.outcome == "inconclusive"
    assert "south 68.00%" in run.summary
    assert run.details["segments"]["south"]["high"] > 0.7


def test_a_segment_at_the_floor_keeps_it(loan: Model) -> None:
    run = judge(grouped(loan, north=(95, 100), south=(70, 100)), "segment_floor", at_least=0.7, **ASKED)
    assert run.outcome == "passed"


def test_a_certain_failure_is_named_before_a_worse_but_doubtful_one(loan: Model) -> None:
    version = grouped(loan, north=(600, 1000), south=(17, 30), west=(30, 30))
    run = judge(version, "segment_floor", at_least=0.7, **ASKED)
    assert run.outcome == "failed"
    assert run.summary.startswith("Accuracy for north 60.00%")
    assert "; also beyond it: south" in run.summary


def test_intervals_are_wilson_s_widened_for_all_segments_together(loan: Model) -> None:
    version = grouped(loan, north=(95, 100), south=(80, 100), west=(2, 3))
    found = judge(version, "segment_floor", at_least=0.5, **ASKED).details["segments"]
    assert set(found) == {"north", "south"}
    # Two are judged: 97.5% each holds at 95% together.
    expected = stats.binomtest(80, 100).proportion_ci(confidence_level=0.975, method="wilson")
    assert (found["south"]["low"], found["south"]["high"]) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_segments_that_are_too_small_are_named_and_not_judged(loan: Model) -> None:
    version = grouped(loan, north=(95, 100), south=(0, 29), west=(0, 5))
    run = judge(version, "segment_floor", at_least=0.7, **ASKED)
    assert run.outcome == "passed"
    assert run.summary.endswith("; too small to judge: south, west")
    assert ["south", "29 rows: too few to judge"] in run.details["facts"]


def test_the_policy_says_how_small_is_too_small(loan: Model) -> None:
    version = grouped(loan, north=(95, 100), south=(0, 29))
    assert judge(version, "segment_floor", at_least=0.7, least_rows=29, **ASKED).outcome == "failed"


def test_for_recall_only_positive_rows_count(loan: Model) -> None:
    asked = {**ASKED, "metric": "recall"}
    version = grouped(loan, north=(95, 100), south=(58, 58))
    run = judge(version, "segment_floor", at_least=0.5, **asked)
    assert run.details["segments"]["north"]["n"] == 50
    assert "too small to judge: south" in run.summary  # 29 positive ones


def test_with_no_segment_large_enough_nothing_can_be_told(loan: Model) -> None:
    run = judge(grouped(loan, north=(5, 10), south=(5, 10)), "segment_floor", at_least=0.0, **ASKED)
    assert run.outcome == "inconclusive"
    assert "no segment has 30 rows" in run.summary


def test_a_metric_without_an_interval_is_judged_by_its_value(loan: Model) -> None:
    version = grouped(loan, north=(95, 100), south=(69, 100))
    asked = {**ASKED, "metric": "calibration_error"}
    # In the south 51 rows score 0.9, of which 35 are positive, and 49 score 0.1, of which 15 are.
    expected = (abs(51 * 0.9 - 35) + abs(49 * 0.1 - 15)) / 100
    run = judge(version, "segment_floor", at_most=expected - 0.001, **asked)
    assert (run.outcome, run.details["segments"]["south"]["value"]) == ("failed", pytest.approx(expected))
    assert judge_again(version, at_most=expected + 0.001, **asked) == "passed"


def test_a_mean_has_student_s_interval_widened_for_all_segments_together(loan: Model) -> None:
    version = grouped(loan, north=(95, 100), south=(69, 100))
    run = judge(version, "segment_floor", at_most=0.7, **{**ASKED, "metric": "log_loss"})
    # Each row costs -ln 0.9 when right and -ln 0.1 when wrong; two segments, so 97.5% each.
    rows = np.repeat([-np.log(0.9), -np.log(0.1)], [69, 31])
    low, high = stats.t.interval(0.975, 99, loc=rows.mean(), scale=stats.sem(rows))
    south = run.details["segments"]["south"]
    assert (south["low"], south["high"]) == pytest.approx((low, high), rel=1e-4)
    assert (run.outcome, low < 0.7 < high) == ("inconclusive", True)
    assert ["Method", "Student t, widened so that all 2 hold together at 95%"] in run.details["facts"]


def test_an_interval_that_was_cut_at_its_bound_is_widened_on_the_other_side(loan: Model) -> None:
    lines, scores = ["id,amount,region,approved"], []
    for group, misplaced in (("north", 1), ("south", 20)):
        for row in range(100):
            lines.append(f"{group}{row},{row},{group},{'yes' if row % 2 else 'no'}")
            scores.append(0.2 + 0.6 * ((row % 2) ^ (row < misplaced)) - row / 1000)
    version, locked = factories.version_of(loan), locked_as("groups", lines)
    ran = {"provenance": Provenance.SCORED, "actor": factories.persona("dana")}
    evaluation = store_evaluation(version, locked, load_rows(locked), np.array(scores), **ran)
    stored = evaluation.values.get(metric="auc", segment="north")
    assert stored.value is not None
    assert stored.low is not None
    assert stored.high == 1.0
    run = judge(version, "segment_floor", at_least=0.5, **{**ASKED, "metric": "auc"})
    north = run.details["segments"]["north"]
    half_width = stored.value - stored.low
    grown = stats.t.ppf(1 - 0.025 / 2, 99) / stats.t.ppf(1 - 0.05 / 2, 99)
    assert north["low"] == pytest.approx(stored.value - grown * half_width, rel=1e-4)
    assert north["high"] == 1.0


def test_it_reads_what_was_stored_and_no_row_again(loan: Model) -> None:
    version = grouped(loan, north=(95, 100), south=(80, 100))
    evaluation = version.evaluations.get()
    for digest in (evaluation.predictions_digest, evaluation.dataset.rows_digest):
        store().remove(digest)
    assert judge(version, "segment_floor", at_least=0.7, **ASKED).outcome == "passed"


def judge_again(version: Version, **parameters: Any) -> str:
    from approvals.actions import withdraw_promotion

    promotion = version.promotions.get(closed_at=None)
    withdraw_promotion(promotion, actor=promotion.requested_by, reason="Asked otherwise.")
    return str(judge(version, "segment_floor", **parameters).outcome)


def test_a_segment_without_a_value_is_inconclusive_by_name(loan: Model) -> None:
    lines = ["id,amount,region,approved", *(f"n{row},{row},north,{'yes' if row % 2 else 'no'}" for row in range(40))]
    locked = locked_as("groups", [*lines, *(f"s{row},{row},south,no" for row in range(40))])
    version = factories.version_of(loan)
    ran = {"provenance": Provenance.SCORED, "actor": factories.persona("dana")}
    store_evaluation(version, locked, load_rows(locked), np.tile([0.1, 0.9], 40), **ran)
    run = judge(version, "segment_floor", at_least=0.5, **{**ASKED, "metric": "auc"})
    assert run.outcome == "inconclusive"
    assert "no value for: south" in run.summary


def test_a_candidate_without_evidence_is_an_error_not_a_pass(loan: Model) -> None:
    grouped(loan, north=(95, 100))
    run = judge(factories.version_of(loan, format="pickle"), "segment_floor", at_least=0.0, **ASKED)
    assert run.outcome == "error"
    assert "assaydesk predict" in run.summary


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"column": "amount"}, "amount is no segment column of groups@1, which has region"),
        ({"metric": "rmse", "at_most": 1.0, "at_least": None}, "RMSE doesn't exist for binary models"),
    ],
)
def test_what_the_dataset_does_not_have_is_refused_when_the_policy_is_published(
    loan: Model, wrong: dict[str, Any], said: str
) -> None:
    grouped(loan, north=(5, 10))
    gate = {"key": "asked", "kind": "segment_floor", "parameters": {**ASKED, "at_least": 0.7, **wrong}}
    with pytest.raises(Invalid, match=said):
        publish_policy("Asked", {"gates": [gate]}, actor=None, target_stage="Staging")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "give either at_least or at_most"),
        ({"at_least": 0.5, "at_most": 0.9}, "give either at_least or at_most"),
        ({"at_least": 0.5, "metric": "charm"}, "unknown metric 'charm'"),
        ({"at_least": 0.5, "least_rows": 0}, "least_rows must be 1 or more"),
        ({"at_least": "high"}, "at_least must be a number"),
        ({"at_least": 0.5, "metric": "mean_signed_error"}, "best at zero"),
        ({"at_least": 0.5, "column": ["region"]}, "column must be text"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["segment_floor"].read_parameters({**ASKED, **wrong})


def test_a_ranking_that_rests_on_one_positive_row_can_not_fail_for_sure(loan: Model) -> None:
    lines, scores = ["id,amount,region,approved"], []
    for region, positives in (("north", 50), ("south", 1)):
        for row in range(100):
            lines.append(f"{region}{row},{row},{region},{'yes' if row < positives else 'no'}")
            scores.append(0.1 + 0.008 * (100 - row if region == "north" else row))
    version, locked = factories.version_of(loan), locked_as("groups", lines)
    ran: dict[str, Any] = {"provenance": Provenance.SCORED, "actor": factories.persona("dana")}
    store_evaluation(version, locked, load_rows(locked), np.array(scores), **ran)
    run = judge(version, "segment_floor", at_least=0.7, **{**ASKED, "metric": "auc"})
    assert run.outcome == "inconclusive"
    assert run.summary == "AUC for south 0.000, must be at least 0.700"
