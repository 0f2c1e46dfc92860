"""One version's metric in every segment of a column, with intervals that hold for all of them together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evidence.metrics import METRICS
from evidence.models import Evaluation, MetricValue
from evidence.quantiles import student_quantile
from evidence.single_intervals import WILSON, Ends, share_interval

STORED_LEVEL = 0.95
_BELOW_ZERO_TOO = frozenset({"r2", "mean_signed_error"})


@dataclass(frozen=True)
class SegmentValue:
    """The metric among the rows of one segment. `n` are the rows it rests on (for recall: the positive ones).

    `value` is None where they don't define it, and `reason` says why. `low` and `high` are None for metrics
    without an interval, and for segments that are too small to be judged; `method` says how they were made.
    """

    segment: str
    n: int
    value: float | None
    reason: str = ""
    low: float | None = None
    high: float | None = None
    method: str = ""


def segment_values(
    evaluation: Evaluation, metric: str, column: str, *, least_rows: int, level: float = 0.95
) -> tuple[list[SegmentValue], list[SegmentValue]]:
    """Segments with at least `least_rows` rows, and those with fewer, both by name; from the stored values.

    Each of m intervals is widened to 1 - (1 - level) / m (Bonferroni), so that all hold together at `level`.
    Raises KeyError when the dataset has no such segment column or its task no such metric.
    """
    found = list(evaluation.values.filter(metric=metric, column=column).order_by("segment"))
    if not found:
        raise KeyError(metric)
    large = [each for each in found if each.n >= least_rows]
    widened = 1 - (1 - level) / max(1, len(large))
    small = [SegmentValue(each.segment, each.n, each.value, each.reason) for each in found if each.n < least_rows]
    return [_widened(each, widened) for each in large], small


def _widened(stored: MetricValue, level: float) -> SegmentValue:
    plain = SegmentValue(stored.segment, stored.n, stored.value, stored.reason)
    if stored.value is None or stored.low is None or stored.high is None:
        return plain
    low, high = _ends(stored.value, stored.low, stored.high, stored, level)
    return replace(plain, low=low, high=high, method=stored.method)


def _ends(value: float, low: float, high: float, stored: MetricValue, level: float) -> Ends:
    """Wilson's interval anew; others are so many standard errors to either side, cut where the metric has a bound.

    The uncut side has the whole half-width. Student's quantiles grow more than normal ones, so that an interval
    that was made with the latter comes out a little too wide, never too narrow.
    """
    if stored.method == WILSON:
        return share_interval(value, stored.n, level)
    freedom = max(1, stored.n - 1)
    grown = student_quantile(level, freedom) / student_quantile(STORED_LEVEL, freedom)
    half_width = max(value - low, high - value) * grown
    least = float("-inf") if stored.metric in _BELOW_ZERO_TOO else 0.0
    most = 1.0 if METRICS[stored.metric].direction == "higher" else float("inf")
    return max(least, value - half_width), min(most, value + half_width)
