"""The demo's policies. Their margins were set with the data in view, so that gates end in every way by themselves."""

from collections.abc import Callable
from typing import Any

from accounts.models import User
from approvals import default_policies
from approvals.actions import publish_policy
from config.demo.names import DIGIT_MODEL, FARE_MODEL, holdout_dataset, upcoming_dataset
from registry.models import Model, Stage

HOLDOUT = "loan-holdout@1"
LEAST_AUC = {Stage.STAGING: 0.65, Stage.PRODUCTION: 0.70}
MARGIN = 0.02
"""How much AUC or log loss may get worse."""
SEGMENT_MARGIN = 0.10
"""How much recall may get worse in one group: with the few Black applicants in the holdout, hardly any version could
be shown to lose less."""


MOST_RMSPE = {Stage.STAGING: 0.20, Stage.PRODUCTION: 0.15}
"""Routes known by distance and market alone miss a fare by 30%, with last year's fare known by 11%."""
RMSPE_MARGIN = 0.005
"""How much RMSPE may get worse: half a percentage point, about what the holdout can just not tell apart."""
LEAST_CORRELATION = 0.9
"""Of two versions' fares for the same routes a year on."""
LEAST_RATIO = 0.8
"""Four fifths, the rule of thumb of American employment law: of the smaller to the larger share of approvals."""
LEAST_ACCURACY = {Stage.STAGING: 0.90, Stage.PRODUCTION: 0.95}


def publish_policies(model: Model, *, actor: User) -> None:
    """Publishes the policies for Staging and Production, for this model alone. The holdout has to be locked."""
    publish_policy("Loan staging", staging(), target_stage=Stage.STAGING, model=model, actor=actor)
    publish_policy("Loan production", production(), target_stage=Stage.PRODUCTION, model=model, actor=actor)


def publish_shorter_policies(fares: Model, digits: Model, *, actor: User) -> None:
    """Publishes those of the two smaller families. Staging asks nobody: what passes its gates moves by itself."""
    for name, model, documents in (("Fare", fares, fare_policies()), ("Digit", digits, digit_policies())):
        for stage, document in documents.items():
            publish_policy(f"{name} {stage.lower()}", document, target_stage=stage, model=model, actor=actor)


def fare_policies() -> dict[str, dict[str, Any]]:
    """Stage → policy for air fares, judged by RMSPE."""
    dataset = f"{holdout_dataset(FARE_MODEL)}@1"
    kept = _no_regression("rmspe-kept", "RMSPE kept", {"metric": "rmspe", "margin": RMSPE_MARGIN}, dataset)
    alike = {"dataset": f"{upcoming_dataset(FARE_MODEL)}@1", "least_correlation": LEAST_CORRELATION}
    agreement = {"key": "agreement", "kind": "agreement", "title": "Like what is live, next year", "parameters": alike}
    return _two_policies(lambda stage: [_ceiling("rmspe", MOST_RMSPE[stage], dataset)], [kept, agreement])


def digit_policies() -> dict[str, dict[str, Any]]:
    """Stage → policy for digits, judged by accuracy."""
    dataset = f"{holdout_dataset(DIGIT_MODEL)}@1"
    kept = _no_regression("accuracy-kept", "Accuracy kept", {"metric": "accuracy", "margin": 0.01}, dataset)
    return _two_policies(lambda stage: [_floor("accuracy", LEAST_ACCURACY[stage], dataset)], [kept])


def _two_policies(
    thresholds: Callable[[Stage], list[dict[str, Any]]], compared: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Staging, and Production which also compares: the default policies with these gates added."""
    before, live = default_policies.STAGING, default_policies.PRODUCTION
    return {
        Stage.STAGING: {**before, "gates": [*before["gates"], *thresholds(Stage.STAGING)]},
        Stage.PRODUCTION: {**live, "gates": [*live["gates"], *thresholds(Stage.PRODUCTION), *compared]},
    }


def staging() -> dict[str, Any]:
    """What a version needs for Staging. It goes there by itself when it is finalised and the gates pass."""
    default = default_policies.STAGING
    return {**default, "gates": [*default["gates"], _floor("auc", LEAST_AUC[Stage.STAGING], HOLDOUT)]}


def production() -> dict[str, Any]:
    """What a version needs for Production: gates against what is live, two people, and their checklist."""
    default = default_policies.PRODUCTION
    floor = _floor("auc", LEAST_AUC[Stage.PRODUCTION], HOLDOUT)
    black = {"metric": "recall", "segment": "race=black", "margin": SEGMENT_MARGIN}
    compared = [
        _no_regression("auc-kept", "AUC kept", {"metric": "auc", "margin": MARGIN}, HOLDOUT),
        _no_regression("log-loss-kept", "Log loss kept", {"metric": "log_loss", "margin": MARGIN}, HOLDOUT),
        _no_regression("recall-kept-black", "Recall kept for Black applicants", black, HOLDOUT),
    ]
    return {**default, "gates": [*default["gates"], floor, *compared, *_looked_into()]}


def _looked_into() -> list[dict[str, Any]]:
    """Gates about the version itself: whether it treats groups alike, and what it decides by."""
    ratio = {"measure": "selection_rate_ratio", "column": "sex", "at_least": LEAST_RATIO, "dataset": HOLDOUT}
    fair = {"key": "fair-by-sex", "kind": "fairness", "title": "Approved alike, women and men", "parameters": ratio}
    return [fair, {"key": "explained", "kind": "explainability", "parameters": {"dataset": HOLDOUT}}]


def _floor(metric: str, at_least: float, dataset: str) -> dict[str, Any]:
    parameters = {"metric": metric, "at_least": at_least, "dataset": dataset}
    return {"key": "quality-floor", "kind": "metric_threshold", "parameters": parameters}


def _ceiling(metric: str, at_most: float, dataset: str) -> dict[str, Any]:
    parameters = {"metric": metric, "at_most": at_most, "dataset": dataset}
    return {"key": "error-ceiling", "kind": "metric_threshold", "title": "Error ceiling", "parameters": parameters}


def _no_regression(key: str, title: str, parameters: dict[str, Any], dataset: str) -> dict[str, Any]:
    return {"key": key, "kind": "no_regression", "title": title, "parameters": parameters | {"dataset": dataset}}
