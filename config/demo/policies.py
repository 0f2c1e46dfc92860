"""The demo's policies. Their margins were set with the data in view, so that gates end in every way by themselves."""

from typing import Any

from accounts.models import User
from approvals import default_policies
from approvals.actions import publish_policy
from registry.models import Model, Stage

HOLDOUT = "loan-holdout@1"
LEAST_AUC = {Stage.STAGING: 0.65, Stage.PRODUCTION: 0.70}
MARGIN = 0.02
"""How much AUC or log loss may get worse."""
SEGMENT_MARGIN = 0.10
"""How much recall may get worse in one group: with the few Black applicants in the holdout, hardly any version could
be shown to lose less."""


def publish_policies(model: Model, *, actor: User) -> None:
    """Publishes the policies for Staging and Production, for this model alone. The holdout has to be locked."""
    publish_policy("Loan staging", staging(), target_stage=Stage.STAGING, model=model, actor=actor)
    publish_policy("Loan production", production(), target_stage=Stage.PRODUCTION, model=model, actor=actor)


def staging() -> dict[str, Any]:
    """What a version needs for Staging. It goes there by itself when it is finalised and the gates pass."""
    default = default_policies.STAGING
    return {**default, "gates": [*default["gates"], _floor(Stage.STAGING)]}


def production() -> dict[str, Any]:
    """What a version needs for Production: gates against what is live, two people, and their checklist."""
    default = default_policies.PRODUCTION
    black = {"metric": "recall", "segment": "race=black", "margin": SEGMENT_MARGIN}
    compared = [
        _no_regression("auc-kept", "AUC kept", {"metric": "auc", "margin": MARGIN}),
        _no_regression("log-loss-kept", "Log loss kept", {"metric": "log_loss", "margin": MARGIN}),
        _no_regression("recall-kept-black", "Recall kept for Black applicants", black),
    ]
    return {**default, "gates": [*default["gates"], _floor(Stage.PRODUCTION), *compared]}


def _floor(stage: Stage) -> dict[str, Any]:
    parameters = {"metric": "auc", "at_least": LEAST_AUC[stage], "dataset": HOLDOUT}
    return {"key": "quality-floor", "kind": "metric_threshold", "parameters": parameters}


def _no_regression(key: str, title: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, "kind": "no_regression", "title": title, "parameters": parameters | {"dataset": HOLDOUT}}
