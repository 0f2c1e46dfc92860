"""One version's metric in every segment of a column, with intervals that hold for all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evidence.judging import Predicted, measure
from evidence.loading import LockedRows, load_rows, load_scores
from evidence.metrics import Value
from evidence.models import Evaluation
from evidence.single_intervals import share_interval

#: Metrics that count right rows among `n`: they have an interval by themselves.
COUNTED = frozenset({"accuracy", "recall", "precision"})


@dataclass(frozen=True)
class SegmentValue:
    """The metric among the rows of one segment. `n` are the rows it rests on (for recall: the positive ones).

    `value` is None where they don't define it, and `reason` says why. `low` and `high` are None for metrics
    without an interval, and for segments that are too small to be judged.
    """

    segment: str
    n: int
    value: float | None
    reason: str = ""
    low: float | None = None
    high: float | None = None


def segment_values(
    evaluation: Evaluation, metric: str, column: str, *, least_rows: int, level: float = 0.95
) -> tuple[list[SegmentValue], list[SegmentValue]]:
    """Segments with at least `least_rows` rows, and those with fewer, both by name; from the stored predictions.

    Shares have Wilson's interval, each of m at 1 - (1 - level) / m (Bonferroni), so that all hold together at
    `level`. Raises KeyError when the dataset has no such segment column or its task no such metric.
    """
    rows, scores = load_rows(evaluation.dataset), load_scores(evaluation)
    predicted = Predicted(scores, evaluation.version.decision_threshold)
    groups = rows.segments[column]
    found = [_measured(rows, predicted, metric, str(name), groups == name) for name in np.unique(groups)]
    large = [each for each in found if each.n >= least_rows]
    small = [each for each in found if each.n < least_rows]
    return _with_intervals(large, metric, level), small


def _measured(
    rows: LockedRows, predicted: Predicted, metric: str, name: str, inside: npt.NDArray[np.bool_]
) -> SegmentValue:
    within = replace(rows, truth=rows.truth[inside], segments={})
    value = _wanted(measure(within, replace(predicted, scores=predicted.scores[inside])), metric)
    return SegmentValue(name, value.n, value.value, value.reason)


def _wanted(values: Sequence[Value], metric: str) -> Value:
    for value in values:
        if value.metric == metric:
            return value
    raise KeyError(metric)


def _with_intervals(found: list[SegmentValue], metric: str, level: float) -> list[SegmentValue]:
    if metric not in COUNTED:
        return found
    each_level = 1 - (1 - level) / max(1, len(found))
    return [_with_interval(each, each_level) for each in found]


def _with_interval(found: SegmentValue, level: float) -> SegmentValue:
    if found.value is None:
        return found
    low, high = share_interval(found.value, found.n, level)
    return replace(found, low=low, high=high)
