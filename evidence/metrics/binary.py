"""Metrics of a yes/no model.

A score is the probability of "yes"; a row is decided "yes" when its score is at or above the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from evidence.groups import Groups
from evidence.metrics import Value
from evidence.metrics.by_group import group_means, group_sums
from evidence.metrics.calibration import calibration_errors
from evidence.metrics.cells import counted, ratio_values
from evidence.metrics.means import Floats
from evidence.metrics.ranking import NO_VARIATION, Classes, auc_error, average_precision_error
from evidence.metrics.scored import (
    PROBABILITY_FLOOR,
    Scored,
    checked_rows,
    row_brier,
    row_log_loss,
    scored,
)
from evidence.metrics.sorting import Truth
from evidence.single_intervals import INFLUENCE, STUDENT, few_ends, mean_ends

__all__ = ["PROBABILITY_FLOOR", "Floats", "Truth", "checked_rows", "measure", "measure_groups", "row_log_loss"]

#: In the order of `METRICS`.
_SHOWN = (
    "auc",
    "average_precision",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "log_loss",
    "brier",
    "calibration_error",
)


def measure(truth: Truth, score: Floats, threshold: float, *, weight: Floats | None = None) -> list[Value]:
    """Every metric of a yes/no model, of `score[n]` against `truth[n]`, in the order of `METRICS`.

    A metric that the rows don't define has value None and a reason. Raises ValueError when the shapes differ,
    a score is not a finite number, or a weight not one above 0.
    """
    found = scored(truth, score, threshold, weight)
    return next(value for _, value in measure_groups(found, Groups.whole(len(found))))


def measure_groups(model: Scored, groups: Groups) -> Iterator[tuple[str, list[Value]]]:
    """Every group's name with every metric among its rows, in the order of `METRICS`."""
    cells = counted(groups, model.truth, [model.decided], model.weight)
    found = ratio_values(cells, weighted=model.weight is not None) | _ranking_values(model, groups)
    found["log_loss"] = _means("log_loss", groups, model.log_loss, model.weight)
    found["brier"] = _means("brier", groups, row_brier(model.truth, model.score), model.weight)
    found["calibration_error"] = _calibration_errors(model, groups)
    for place, name in enumerate(groups.names):
        yield name, [found[metric][place] for metric in _SHOWN]


def lacks_a_class(positives: int, rows: int) -> str:
    """Why these rows can't rank positives above negatives, or "" when both classes are there."""
    if 0 < positives < rows:
        return ""
    return f"only one class among {rows} rows" if rows else "no rows"


def _calibration_errors(model: Scored, groups: Groups) -> list[Value]:
    n = group_sums(groups).astype(int).tolist()
    values = calibration_errors(model, groups).tolist()
    return [_or_no_rows("calibration_error", value, rows) for value, rows in zip(values, n, strict=True)]


def _means(metric: str, groups: Groups, rows: Floats, weight: Floats | None) -> list[Value]:
    found = group_means(groups, rows, weight)
    columns = zip(found.value.tolist(), found.variance.tolist(), found.n.astype(int).tolist(), strict=True)
    return [_mean(metric, value, variance, n) for value, variance, n in columns]


def _mean(metric: str, value: float, variance: float, n: int) -> Value:
    if n < 2:
        return _or_no_rows(metric, value, n)
    low, high = mean_ends(value, sqrt(variance), n)
    return Value(metric, value, n, "", max(0.0, low), high, STUDENT)


def _or_no_rows(metric: str, value: float, rows: int) -> Value:
    return Value(metric, value, rows) if rows else Value(metric, None, 0, "no rows")


def _ranking_values(model: Scored, groups: Groups) -> dict[str, list[Value]]:
    """AUC and average precision by group."""
    ranked, classes = model.ranked(groups), Classes(model.truth, groups, model.weight)
    precision_error = average_precision_error(classes, ranked.precision_moves, ranked.average_precision, ranked.totals)
    return {
        "auc": _by_ranking("auc", ranked.auc, auc_error(classes, ranked.placements, ranked.totals), classes),
        "average_precision": _by_ranking("average_precision", ranked.average_precision, precision_error, classes),
    }


def _by_ranking(metric: str, values: Floats, errors: Floats, classes: Classes) -> list[Value]:
    return [
        _ranking_value(metric, value, error, int(no), int(yes))
        for value, error, (no, yes) in zip(values.tolist(), errors.tolist(), classes.rows.tolist(), strict=True)
    ]


def _ranking_value(metric: str, value: float, error: float, negatives: int, positives: int) -> Value:
    """It rests on the rows of the rarer class as a mean does on its rows: one row doesn't say how far it varies."""
    n, rarer = negatives + positives, min(negatives, positives)
    if not rarer:
        return Value(metric, None, n, lacks_a_class(positives, n))
    # A model that separates the classes perfectly doesn't say how far that could be off.
    if rarer < 2 or error < NO_VARIATION:
        return Value(metric, value, n)
    return Value(metric, value, n, "", *few_ends(value, error, rarer), INFLUENCE)
