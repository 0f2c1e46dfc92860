import pytest

from evidence.models import Evaluation, Provenance
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
