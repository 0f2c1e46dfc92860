"""One metric by segment, candidate against baseline: for whom it gets worse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import sqrt

from evidence.differences import Difference, up_is_better, verdict_of
from evidence.groups import Groups
from evidence.intervals import (
    Interval,
    Undefined,
    estimate_interval,
    share_difference,
)
from evidence.metrics import METRICS
from evidence.small_samples import small_sample

# Fewer rows than this say next to nothing about a segment: it is named, not judged. For recall: positive rows.
MINIMUM_SEGMENT_ROWS = 30


@dataclass(frozen=True)
class Group:
    """One metric in one segment: both models' values on `n` rows, and the interval of their difference at a level.

    `support` says how much the metric rests on there, in `rows`: for recall the "positive rows", else mostly the
    "rows", as many as `n`. A value is None where the rows don't define it, and `reason` says why.
    """

    metric: str
    column: str
    value: str
    n: int
    rows: str
    baseline: float | None
    candidate: float | None
    interval: Callable[[float], Interval]
    support: int
    reason: str = ""

    @property
    def is_large(self) -> bool:
        """Whether there are enough rows to say anything."""
        return self.support >= MINIMUM_SEGMENT_ROWS

    @property
    def is_defined(self) -> bool:
        """Whether both models have a value."""
        return self.baseline is not None and self.candidate is not None


def judge_groups(groups: Iterable[Group], level: float) -> list[Difference]:
    """The Difference of every group of one metric, the surest harm first.

    Ordered by the most favourable end of the interval, worst on top, so that a small noisy segment can't hide
    a certain loss; those that can't be judged follow by name: fewer than `MINIMUM_SEGMENT_ROWS` rows, or no value.
    Bonferroni: each of m intervals is made at 1 - (1 - level) / m, so that all hold together at `level`.
    """
    found = list(groups)
    large = [group for group in found if group.is_large and group.is_defined]
    judged = [_judged(group, level, among=len(large)) for group in large]
    unjudged = [_too_small(group, level) for group in found if not group.is_large]
    unjudged += [_undefined(group, level, group.reason) for group in found if group.is_large and not group.is_defined]
    surest = [each for each in judged if each.low is not None]
    unjudged += [each for each in judged if each.low is None]
    return sorted(surest, key=surest_harm) + sorted(unjudged, key=lambda each: (each.column, each.value))


def judge_overall(group: Group, level: float) -> Difference:
    """The Difference of a metric over all rows, however few."""
    return _judged(group, level, among=1) if group.is_defined else _undefined(group, level, group.reason)


def share_interval_of(n: int, fixed: int, broken: int) -> Callable[[float], Interval]:
    """`share_difference` at a level."""
    return lambda level: share_difference(n, fixed, broken, level)


def estimate_interval_of(difference: float, variance: float, n: int, method: str) -> Callable[[float], Interval]:
    """`difference` ± Student's t (n - 1) × √variance, the square of its standard error, at a level."""

    return lambda level: estimate_interval(difference, sqrt(variance), n, method, level)


def check_lengths(segments: Mapping[str, Groups], rows: int) -> None:
    """Raises ValueError naming the first column that has not one entry for each of the `rows`."""
    for column, groups in segments.items():
        if len(groups) != rows:
            raise ValueError(f"segment column {column} has {len(groups)} entries for {rows} rows")


def surest_harm(difference: Difference) -> tuple[float, float, str, str]:
    """What differences with an interval are sorted by, the surest harm first.

    By the most favourable end, then by the difference itself, both with up meaning better.
    """
    _, high = up_is_better(difference.metric, difference.low or 0.0, difference.high or 0.0)
    shift = difference.difference or 0.0
    middle, _ = up_is_better(difference.metric, shift, shift)
    return high, middle, difference.column, difference.value


def _judged(group: Group, level: float, *, among: int) -> Difference:
    try:
        interval = group.interval(1 - (1 - level) / among)
    except Undefined as undefined:
        return replace(_undefined(group, level, str(undefined)), difference=_bare_difference(group))
    widened = f"widened for {among} segments" if among > 1 else ""
    named = [interval.method, widened, small_sample(group.metric, group.support, group.rows)]
    return replace(
        _undefined(group, level, ""),
        difference=interval.difference,
        low=interval.low,
        high=interval.high,
        method=", ".join(part for part in named if part),
        verdict=verdict_of(group.metric, interval),
    )


def _bare_difference(group: Group) -> float | None:
    if group.baseline is None or group.candidate is None:
        return None
    if METRICS[group.metric].direction == "zero":
        return abs(group.candidate) - abs(group.baseline)
    return group.candidate - group.baseline


def _undefined(group: Group, level: float, reason: str) -> Difference:
    return Difference(
        metric=group.metric,
        column=group.column,
        value=group.value,
        n=group.n,
        baseline=group.baseline,
        candidate=group.candidate,
        difference=None,
        low=None,
        high=None,
        level=level,
        method="",
        verdict="undefined",
        reason=reason,
    )


def _too_small(group: Group, level: float) -> Difference:
    reason = f"{group.support} {group.rows}; at least {MINIMUM_SEGMENT_ROWS} are needed"
    return replace(_undefined(group, level, reason), baseline=None, candidate=None, verdict="too_small")
