import io

import pytest

from accounts.reasons import Invalid
from approvals.intake import take_predictions
from evidence.actions import lock_dataset
from evidence.labels import Declaration
from evidence.models import Evaluation, Provenance
from registry.actions import create_dataset
from registry.models import Model, Version
from tests import factories
from tests.approvals.judging import hand_in, judge, promotion_with_gate, run_of

ON_HOLDOUT = {"dataset": factories.HOLDOUT}


@pytest.fixture
def measured(version: Version) -> float:
    """The AUC that the version's evaluation says."""
    return float(version.evaluations.get().values.get(metric="auc", column="").value or 0)


def test_a_value_on_the_floor_passes_and_one_above_it_fails(version: Version, measured: float) -> None:
    assert judge(version, "metric_threshold", metric="auc", at_least=measured, **ON_HOLDOUT).outcome == "passed"


def test_a_floor_above_the_value_fails_and_says_both_numbers(version: Version, measured: float) -> None:
    run = judge(version, "metric_threshold", metric="auc", at_least=measured + 0.001, **ON_HOLDOUT)
    assert run.outcome == "failed"
    assert f"AUC {measured:.3f} < {measured + 0.001:.3f} on loan-holdout@1" in run.summary
    assert run.details["value"] == pytest.approx(measured)
    assert run.details["rows"] == 400


@pytest.mark.parametrize(("ceiling", "outcome"), [(5.0, "passed"), (0.01, "failed")])
def test_a_ceiling_works_the_other_way_round(version: Version, ceiling: float, outcome: str) -> None:
    assert judge(version, "metric_threshold", metric="log_loss", at_most=ceiling, **ON_HOLDOUT).outcome == outcome


def test_the_outcome_says_how_the_evidence_came_about(version: Version) -> None:
    run = judge(version, "metric_threshold", metric="auc", at_least=0.5, **ON_HOLDOUT)
    assert run.provenance == Provenance.EXECUTED
    assert run.details["isolation"] == "bubblewrap"
    assert run.details["seconds"] == 1.25
    assert run.details["evidence"] == [version.evaluations.get().predictions_digest]


@pytest.mark.parametrize(("least", "outcome"), [("scored", "passed"), ("executed", "failed")])
def test_predictions_handed_in_pass_only_where_the_policy_admits_them(loan: Model, least: str, outcome: str) -> None:
    version = factories.version_of(loan)
    factories.evidence_of(version, provenance=Provenance.SCORED)
    run = judge(version, "metric_threshold", metric="auc", at_least=0.5, provenance=least, **ON_HOLDOUT)
    assert (run.outcome, run.provenance) == (outcome, "scored")


def test_a_format_that_is_never_executed_is_an_error_with_the_remedy_not_a_pass(loan: Model) -> None:
    version = factories.version_of(loan, format="pickle")
    run = judge(version, "metric_threshold", metric="auc", at_least=0.0, **ON_HOLDOUT)
    assert run.outcome == "error"
    assert "never executed" in run.summary
    assert "assaydesk predict" in run.summary
    assert not Evaluation.objects.filter(version=version).exists()


def test_an_artifact_that_is_not_a_model_is_an_error_not_a_pass(loan: Model) -> None:
    run = judge(factories.version_of(loan), "metric_threshold", metric="auc", at_least=0.0, **ON_HOLDOUT)
    assert run.outcome == "error"
    assert run.summary


def test_a_value_that_can_not_be_measured_is_an_error_that_says_why(version: Version) -> None:
    value = version.evaluations.get().values.filter(metric="auc", column="")
    value.update(value=None, reason="only one class among 400 rows")
    run = judge(version, "metric_threshold", metric="auc", at_least=0.0, **ON_HOLDOUT)
    assert run.outcome == "error"
    assert "only one class among 400 rows" in run.summary


def test_predictions_that_arrive_later_are_judged_without_asking_again(loan: Model) -> None:
    version = factories.version_of(loan, format="pickle")
    promotion = promotion_with_gate(version, "metric_threshold", metric="auc", at_least=0.5, **ON_HOLDOUT)
    assert factories.run_gates(promotion).state == "blocked"
    hand_in(version)
    assert factories.run_gates(promotion).state == "in_review"
    assert (run_of(promotion).outcome, run_of(promotion).number) == ("passed", 2)


# --- Models that predict numbers ----------------------------------------------------------------------


@pytest.fixture
def fare(loan: Model) -> Version:
    """A regression that says 4 too much on average: 10% of every fare, in dollars."""
    sam = factories.persona("sam")
    fares = [20 + number for number in range(41)]
    rows = "\n".join(["id,miles,fare", *(f"r{number},{number},{dollars}" for number, dollars in enumerate(fares))])
    declared = Declaration(id_column="id", target="fare", task="regression")
    locked = lock_dataset(create_dataset("fares", actor=sam), [rows.encode()], declared, actor=sam)
    version = factories.version_of(loan, format="pickle", task="regression", features=["miles"])
    lines = ["id,prediction", *(f"r{number},{dollars * 1.1}" for number, dollars in enumerate(fares))]
    take_predictions(version, locked, io.BytesIO("\n".join(lines).encode()), actor=factories.persona("dana"))
    return version


@pytest.mark.parametrize(("at_most", "outcome", "sign"), [(0.2, "passed", "≤ 20.00%"), (0.05, "failed", "> 5.00%")])
def test_a_regression_is_held_to_its_rmspe_as_a_share(fare: Version, at_most: float, outcome: str, sign: str) -> None:
    run = judge(fare, "metric_threshold", metric="rmspe", at_most=at_most, dataset="fares@1")
    assert (run.outcome, run.summary) == (outcome, f"RMSPE 10.00% {sign} on fares@1")


@pytest.mark.parametrize(("at_most", "outcome", "where"), [(4.5, "passed", "within"), (3.5, "failed", "beyond")])
def test_an_error_with_a_sign_is_held_to_its_distance_from_zero(
    fare: Version, at_most: float, outcome: str, where: str
) -> None:
    run = judge(fare, "metric_threshold", metric="mean_signed_error", at_most=at_most, dataset="fares@1")
    assert run.outcome == outcome
    assert f"Mean signed error 4.000 is {where} ±{at_most:.3f} on fares@1" in run.summary


def test_a_floor_for_what_is_best_at_zero_is_refused_at_publication(fare: Version) -> None:
    with pytest.raises(Invalid, match="best at zero: give at_most"):
        promotion_with_gate(fare, "metric_threshold", metric="mean_signed_error", at_least=1.0, dataset="fares@1")


def test_a_metric_of_another_task_is_an_error_that_names_those_there_are(fare: Version) -> None:
    run = judge(fare, "metric_threshold", metric="auc", at_least=0.5, dataset="fares@1")
    assert run.outcome == "error"
    assert "AUC doesn't exist for regression models, which have rmspe, mape, rmse, mae" in run.summary


def test_data_of_another_task_are_an_error_that_says_so(fare: Version) -> None:
    factories.holdout()
    run = judge(fare, "metric_threshold", metric="rmspe", at_most=0.5, **ON_HOLDOUT)
    assert run.outcome == "error"
    assert "loan-holdout@1 is locked for binary models" in run.summary
