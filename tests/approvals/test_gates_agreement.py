"""Two versions on the same rows, nobody knowing the truth."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.gates import GATES
from evidence.models import Agreement, Comparison
from registry.models import Model
from tests import factories
from tests.approvals.judging import judge
from tests.approvals.sampled_versions import SAMPLE, on, predicting, sample

ON_SAMPLE = {"dataset": SAMPLE}
YES, NO = 0.9, 0.1
HALF = [YES, NO] * 500


def turned(rows: int) -> list[float]:
    """`HALF` with the decisions on the first so many rows the other way round."""
    return [1 - score if row < rows else score for row, score in enumerate(HALF)]


@pytest.mark.parametrize(("other", "outcome"), [(10, "passed"), (100, "failed"), (55, "inconclusive")])
def test_the_share_decided_alike_is_held_to_a_floor_by_its_interval(loan: Model, other: int, outcome: str) -> None:
    predicting(loan, HALF, is_live=True)
    run = judge(predicting(loan, turned(other)), "agreement", at_least=0.95, **ON_SAMPLE)
    alike = stats.binomtest(1000 - other, 1000).proportion_ci(method="wilson")
    assert run.outcome == outcome
    assert run.details["value"] == pytest.approx(1 - other / 1000)
    assert (run.details["low"], run.details["high"]) == pytest.approx((alike.low, alike.high))
    assert run.summary.startswith(f"Decided alike {100 - other / 10:.2f}% ({100 * alike.low:.2f}% to ")
    assert ("more rows" in run.summary) is (outcome == "inconclusive")
    assert run.summary.endswith("on recent@1")


def test_it_computes_no_comparison_where_nothing_is_labelled(loan: Model) -> None:
    predicting(loan, HALF, is_live=True)
    judge(predicting(loan, turned(10)), "agreement", at_least=0.9, **ON_SAMPLE)
    assert (Agreement.objects.count(), Comparison.objects.count()) == (1, 0)


def test_on_labelled_data_only_the_predictions_are_looked_at(loan: Model) -> None:
    holdout = factories.holdout()
    live, opposite = factories.version_of(loan), factories.version_of(loan)
    # One is right in every row, the other in none.
    on(holdout, live, [NO, YES] * 200)
    factories.promotion_in("completed", version=live)
    on(holdout, opposite, [YES, NO] * 200)
    run = judge(opposite, "agreement", at_least=0.5, dataset=factories.HOLDOUT)
    assert (run.outcome, run.details["value"]) == ("failed", 0)


def test_facts_tell_what_changes_and_where_they_agree_least(loan: Model) -> None:
    predicting(loan, HALF, is_live=True)
    # Of the first 100 rows every other is north; all of these are turned from yes to no.
    candidate = [NO if row < 100 else score for row, score in enumerate(HALF)]
    facts = dict(judge(predicting(loan, candidate), "agreement", at_least=0.5, **ON_SAMPLE).details["facts"])
    assert facts["Against"] == "loan v1"
    assert facts["Decided yes"] == "45.00%; by the live version 50.00%"
    assert facts["Decisions that change"] == "yes to no, 50 rows"
    assert facts["region: north"].startswith("decided alike 90.00% (")
    assert facts["region: south"].startswith("decided alike 100.00% (")


def test_scores_may_shift_only_so_far_though_decisions_stay(loan: Model) -> None:
    scores = np.linspace(0.01, 0.49, 1000)
    predicting(loan, scores, is_live=True)
    shifted = predicting(loan, scores + 0.4 * (0.49 - scores))
    distance = stats.ks_2samp(scores, scores + 0.4 * (0.49 - scores)).statistic
    run = judge(shifted, "agreement", at_least=0.9, at_most_ks=0.2, at_most_psi=0.1, **ON_SAMPLE)
    assert run.outcome == "failed"
    assert run.details["kolmogorov_smirnov"] == pytest.approx(distance)
    assert f"Kolmogorov–Smirnov distance {distance:.3f} > 0.200" in run.summary
    assert "Stability index" in run.summary
    assert "Decided alike 100.00%" in run.summary


def test_a_shift_within_the_limits_passes(loan: Model) -> None:
    scores = np.linspace(0.01, 0.49, 1000)
    predicting(loan, scores, is_live=True)
    run = judge(predicting(loan, scores + 0.001), "agreement", at_most_ks=0.1, at_most_psi=0.1, **ON_SAMPLE)
    assert run.outcome == "passed"


@pytest.mark.parametrize(("noise", "outcome"), [(10.0, "passed"), (300.0, "failed")])
def test_numbers_are_held_to_their_correlation(loan: Model, noise: float, outcome: str) -> None:
    was = np.arange(1000.0)
    now = was + np.random.default_rng(3).normal(0, noise, 1000)
    predicting(loan, was, is_live=True, task="regression")
    run = judge(
        predicting(loan, now, task="regression"),
        "agreement",
        least_correlation=0.95,
        **ON_SAMPLE,
    )
    assert run.outcome == outcome
    assert run.details["correlation"] == pytest.approx(stats.pearsonr(was, now).statistic)
    assert run.summary.startswith("Correlation 0.")


def test_the_first_live_version_passes_saying_so(loan: Model) -> None:
    run = judge(predicting(loan, HALF), "agreement", at_least=0.95, **ON_SAMPLE)
    assert (run.outcome, run.summary) == ("passed", "Nothing is live to compare with.")


def test_a_live_version_without_predictions_is_inconclusive_with_the_remedy(loan: Model) -> None:
    live = factories.version_of(loan, format="pickle")
    factories.promotion_in("completed", version=live)
    run = judge(predicting(loan, HALF), "agreement", at_least=0.95, **ON_SAMPLE)
    assert run.outcome == "inconclusive"
    assert "loan v1 is live but can't be compared with" in run.summary
    assert "assaydesk predict" in run.summary


def test_a_candidate_without_predictions_is_an_error_not_a_pass(loan: Model) -> None:
    sample()
    run = judge(factories.version_of(loan, format="pickle"), "agreement", at_least=0.0, **ON_SAMPLE)
    assert run.outcome == "error"
    assert "assaydesk predict" in run.summary


def test_versions_that_tell_other_classes_apart_can_not_be_set_side_by_side(loan: Model) -> None:
    several = {"task": "multiclass", "format": "pickle"}
    predicting(loan, [0.0, 1.0] * 50, is_live=True, contract={"classes": ["cat", "dog"]}, **several)
    candidate = predicting(loan, [0.0, 1.0] * 50, contract={"classes": ["cat", "cow"]}, **several)
    run = judge(candidate, "agreement", at_least=0.5, **ON_SAMPLE)
    assert run.outcome == "inconclusive"
    assert "loan v2 tells cat, cow apart, and loan v1 cat, dog" in run.summary


def test_decided_classes_alone_have_no_scores_that_could_shift(loan: Model) -> None:
    several = {"task": "multiclass", "format": "pickle", "contract": {"classes": ["cat", "dog"]}}
    predicting(loan, [0.0, 1.0] * 500, is_live=True, **several)
    run = judge(predicting(loan, [0.0, 1.0] * 500, **several), "agreement", at_least=0.5, at_most_ks=1, **ON_SAMPLE)
    assert run.outcome == "error"
    assert "these versions have no scores, only decisions" in run.summary
    assert "Decided alike 100.00%" in run.summary


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("metric_threshold", {"metric": "auc", "at_least": 0.5}),
        ("no_regression", {"metric": "auc"}),
        ("segment_floor", {"metric": "auc", "at_least": 0.5, "column": "region"}),
        ("fairness", {"measure": "equal_opportunity", "at_most": 0.1, "column": "region"}),
        ("mean_signed_error", {"at_most": 1.0}),
    ],
)
def test_gates_that_need_the_truth_are_refused_on_data_without_it(
    loan: Model, kind: str, parameters: dict[str, Any]
) -> None:
    sample(10)
    gate = {"key": "asked", "kind": kind, "parameters": {**ON_SAMPLE, **parameters}}
    with pytest.raises(
        Invalid, match=r"recent@1 has no labels.*name a labelled dataset, or ask with the gate agreement"
    ):
        publish_policy("Asked", {"gates": [gate]}, actor=None, target_stage="Staging")


@pytest.mark.parametrize(
    ("task", "limit", "said"),
    [("regression", "at_least", "give least_correlation"), ("binary", "least_correlation", "give at_least")],
)
def test_a_limit_of_another_task_is_refused_when_the_policy_is_published(
    loan: Model, task: str, limit: str, said: str
) -> None:
    sample(10, task=task)
    gate = {"key": "asked", "kind": "agreement", "parameters": {**ON_SAMPLE, limit: 0.9}}
    with pytest.raises(Invalid, match=said):
        publish_policy("Asked", {"gates": [gate]}, actor=None, target_stage="Staging")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "give at least one of at_least, least_correlation, at_most_psi, at_most_ks"),
        ({"at_least": 0.9, "least_correlation": 0.9}, "not both"),
        ({"at_least": 95}, "at_least must lie from 0 to 1"),
        ({"least_correlation": 1.5}, "least_correlation must lie from -1 to 1"),
        ({"at_most_ks": -0.1}, "at_most_ks must lie from 0 to 1"),
        ({"at_most_psi": -1}, "at_most_psi must not be negative"),
        ({"at_least": "most"}, "at_least must be a number"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["agreement"].read_parameters({**ON_SAMPLE, **wrong})
