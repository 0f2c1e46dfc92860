"""What a pipeline says it measured: noted as its claim, said once, and never what anything is judged by."""

import math

import pytest
from django.db import IntegrityError, transaction

from accounts.reasons import Conflict, Forbidden, Invalid
from audit.models import AuditEvent
from evidence.actions import report_metrics
from evidence.models import Evaluation, ReportedMetric
from evidence.queries import best_value, datasets_of, overall_values
from registry.models import DatasetVersion, Version
from tests.factories import holdout, model_named, persona, version_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> DatasetVersion:
    return holdout().dataset_version


@pytest.fixture
def version() -> Version:
    return version_of(model_named())


def test_a_claim_is_noted_with_who_made_it_and_on_the_record(version: Version, dataset: DatasetVersion) -> None:
    noted = report_metrics(version, dataset, {"auc": 0.87, "log_loss": 0.4}, actor=persona("dana"))
    assert [(each.metric, each.value, each.reported_by) for each in noted] == [
        ("auc", 0.87, persona("dana")),
        ("log_loss", 0.4, persona("dana")),
    ]
    event = AuditEvent.objects.get(verb="version.metrics_reported")
    assert event.after == {"dataset": str(dataset), "metrics": {"auc": 0.87, "log_loss": 0.4}}


def test_the_same_again_changes_nothing_and_more_may_follow(version: Version, dataset: DatasetVersion) -> None:
    report_metrics(version, dataset, {"auc": 0.87}, actor=persona("dana"))
    again = report_metrics(version, dataset, {"auc": 0.87, "f1": 0.8}, actor=persona("dana"))
    assert [each.metric for each in again] == ["auc", "f1"]
    assert ReportedMetric.objects.count() == 2
    assert AuditEvent.objects.filter(verb="version.metrics_reported").count() == 2


def test_what_was_said_stands(version: Version, dataset: DatasetVersion) -> None:
    report_metrics(version, dataset, {"auc": 0.87}, actor=persona("dana"))
    with pytest.raises(Conflict, match=r"AUC of .* was reported as 0\.87 already"):
        report_metrics(version, dataset, {"f1": 0.8, "auc": 0.91}, actor=persona("dana"))
    assert [each.metric for each in ReportedMetric.objects.all()] == ["auc"]


def test_the_database_holds_one_claim_of_a_metric(version: Version, dataset: DatasetVersion) -> None:
    report_metrics(version, dataset, {"auc": 0.87}, actor=persona("dana"))
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportedMetric.objects.create(
            version=version, dataset=dataset, metric="auc", value=0.9, reported_by=persona("dana")
        )


@pytest.mark.parametrize(
    ("values", "code", "says"),
    [
        ({}, "no_metrics", "No metric"),
        ({"profit": 1.0}, "unknown_metric", "'profit'"),
        ({"rmse": 1.0}, "wrong_metric", "RMSE doesn't exist for binary"),
        ({"auc": 87.0}, "bad_value", "between 0 and 1"),
        ({"auc": math.nan}, "bad_value", "no finite number"),
        ({"log_loss": -0.1}, "bad_value", "never below 0"),
    ],
)
def test_what_can_not_be_is_refused(
    version: Version, dataset: DatasetVersion, values: dict[str, float], code: str, says: str
) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        report_metrics(version, dataset, values, actor=persona("dana"))
    assert refused.value.reason.code == code
    assert not ReportedMetric.objects.exists()


def test_only_the_registrant_speaks_for_a_version(version: Version, dataset: DatasetVersion) -> None:
    with pytest.raises(Forbidden, match="nobody else adds"):
        report_metrics(version, dataset, {"auc": 0.87}, actor=persona("sam"))


def test_nothing_is_measured_or_ranked_by_a_claim(version: Version, dataset: DatasetVersion) -> None:
    report_metrics(version, dataset, {"auc": 0.99}, actor=persona("dana"))
    assert not Evaluation.objects.exists()
    assert not overall_values(dataset.locked).exists()
    assert best_value(version.model, dataset.locked, "auc") is None
    assert not datasets_of(version.model).exists()
