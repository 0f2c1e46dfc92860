"""The estimators that the recipes name."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

RANDOM_STATE = 0


def build(name: str, parameters: Mapping[str, Any]) -> ClassifierMixin | RegressorMixin:
    """An unfitted classifier or regressor. Raises KeyError for a name that no recipe uses."""
    return _BUILDERS[name](parameters)


def _logistic(parameters: Mapping[str, Any]) -> ClassifierMixin:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, **parameters))


def _boosting(parameters: Mapping[str, Any]) -> ClassifierMixin:
    return HistGradientBoostingClassifier(random_state=RANDOM_STATE, **parameters)


def _trees(parameters: Mapping[str, Any]) -> ClassifierMixin:
    return ExtraTreesClassifier(random_state=RANDOM_STATE, **parameters)


def _tree(parameters: Mapping[str, Any]) -> ClassifierMixin:
    return DecisionTreeClassifier(random_state=RANDOM_STATE, **parameters)


def _line(parameters: Mapping[str, Any]) -> RegressorMixin:
    return LinearRegression(**parameters)


_BUILDERS = {
    "linear regression": _line,
    "logistic regression": _logistic,
    "histogram gradient boosting": _boosting,
    "decision tree": _tree,
    "extremely randomised trees": _trees,
}
