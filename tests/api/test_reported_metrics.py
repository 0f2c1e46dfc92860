"""Reporting metrics through the API."""

from registry.models import Model
from tests import factories
from tests.api.caller import Caller, ok, problem_of


def test_reported_metrics_are_answered_with_the_version(dana: Caller, loan: Model) -> None:
    version = factories.version_of(loan)
    locked = factories.holdout()
    address = f"/models/loan/versions/{version.number}"
    sent = {"dataset": str(locked), "metrics": {"auc": 0.87, "f1": 0.8}}
    noted = ok(dana.post(f"{address}/metrics", sent), 201)
    assert [(each["dataset"], each["metric"], each["value"], each["reported_by"]) for each in noted] == [
        (str(locked), "auc", 0.87, "dana"),
        (str(locked), "f1", 0.8, "dana"),
    ]
    assert ok(dana.get(address))["reported_metrics"] == noted


def test_another_value_is_a_conflict_and_an_unknown_dataset_is_named(dana: Caller, loan: Model) -> None:
    version = factories.version_of(loan)
    locked = factories.holdout()
    address = f"/models/loan/versions/{version.number}/metrics"
    ok(dana.post(address, {"dataset": str(locked), "metrics": {"auc": 0.87}}), 201)
    problem_of(dana.post(address, {"dataset": str(locked), "metrics": {"auc": 0.9}}), 409, "reported_already")
    problem_of(dana.post(address, {"dataset": "no-such@1", "metrics": {"auc": 0.9}}), 404, "not_found")
    problem_of(dana.post(address, {"dataset": str(locked), "metrics": {"auc": "high"}}), 422, "malformed")
