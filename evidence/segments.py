"""One metric by segment, candidate against baseline: for whom it gets worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.differences import Difference, up_is_better, verdict_of
from evidence.intervals import Interval, share_difference, student_quantile
from evidence.metrics.binary import Floats, Truth

# Fewer rows than this say next to nothing about a segment: it is named, not judged. For recall: positive rows.
MINIMUM_SEGMENT_ROWS = 30


@dataclass(frozen=True)
class Group:
    """One segment: its `n` rows that count, both models' values, and the interval of the difference at a level.

    `rows` says which rows count: "positive rows" for recall, else "rows".
    """

    metric: str
    column: str
    value: str
    n: int
    rows: str
    baseline: float
    candidate: float
    interval: Callable[[float], Interval]


def judge_groups(groups: Iterator[Group], level: float) -> list[Difference]:
    """The Difference of every group, the surest harm first.

    Ordered by the most favourable end of the interval, worst on top, so that a small noisy segment can't hide
    a certain loss; those with fewer than `MINIMUM_SEGMENT_ROWS` rows follow unjudged, by name. Bonferroni: each
    of m intervals is made at 1 - (1 - level) / m, so that all hold together at `level`.
    """
    found = list(groups)
    large = [group for group in found if group.n >= MINIMUM_SEGMENT_ROWS]
    small = [group for group in found if group.n < MINIMUM_SEGMENT_ROWS]
    judged = [_judged(group, level, among=len(large)) for group in large]
    too_small = [_too_small(group, level) for group in small]
    return sorted(judged, key=_surest_harm) + sorted(too_small, key=lambda d: (d.column, d.value))


def share_groups(
    metric: str, segments: Mapping[str, npt.NDArray[Any]], counted: Truth, was_right: Truth, is_right: Truth
) -> Iterator[Group]:
    """Groups whose metric is the share of `counted` rows that a model has right: recall, accuracy.

    Raises ValueError when a column has not one entry per row.
    """
    rows = "positive rows" if metric == "recall" else "rows"
    for column, names, place in _places(segments, len(counted)):

        def tally(which: Truth, place: npt.NDArray[np.intp] = place, groups: int = len(names)) -> list[int]:
            return [int(count) for count in np.bincount(place[counted & which], minlength=groups)]

        tallies = (tally(np.ones_like(counted)), tally(was_right), tally(is_right))
        moved = (tally(is_right & ~was_right), tally(was_right & ~is_right))
        for name, n, before, after, fixed, broken in zip(names, *tallies, *moved, strict=True):
            interval = _share_interval(n, fixed, broken)
            yield Group(metric, column, name, n, rows, before / (n or 1), after / (n or 1), interval)


def _share_interval(n: int, fixed: int, broken: int) -> Callable[[float], Interval]:
    return lambda level: share_difference(n, fixed, broken, level)


def mean_groups(metric: str, segments: Mapping[str, npt.NDArray[Any]], was: Floats, now: Floats) -> Iterator[Group]:
    """Groups whose metric is the mean of one value per row, lower being better: mean absolute error.

    Raises ValueError when a column has not one entry per row.
    """
    for column, names, place in _places(segments, len(was)):
        count = np.bincount(place, minlength=len(names))

        def mean(values: Floats, place: npt.NDArray[np.intp] = place, count: npt.NDArray[Any] = count) -> Floats:
            means: Floats = np.bincount(place, weights=values, minlength=len(count)) / count
            return means

        before, after, difference = mean(was), mean(now), mean(now - was)
        variance = mean((now - was - difference[place]) ** 2)
        for at, name in enumerate(names):
            interval = _mean_interval(float(difference[at]), float(variance[at]), int(count[at]))
            values = float(before[at]), float(after[at])
            yield Group(metric, column, name, int(count[at]), "rows", *values, interval)


def _mean_interval(difference: float, variance: float, n: int) -> Callable[[float], Interval]:
    def interval(level: float) -> Interval:
        half_width = student_quantile(level, n - 1) * sqrt(variance / (n - 1))
        return Interval(difference, difference - half_width, difference + half_width, "paired mean, Student t")

    return interval


def _places(
    segments: Mapping[str, npt.NDArray[Any]], rows: int
) -> Iterator[tuple[str, list[str], npt.NDArray[np.intp]]]:
    """Each column, its values, and the number of every row's value: one pass however many values there are."""
    for column, values in segments.items():
        if np.shape(values) != (rows,):
            raise ValueError(f"segment column {column} has shape {np.shape(values)}, the rows {(rows,)}")
        names, place = np.unique(np.asarray(values).astype(str), return_inverse=True)
        yield column, [str(name) for name in names], place


def _surest_harm(difference: Difference) -> tuple[float, float, str, str]:
    """By the most favourable end, then by the difference itself, both with up meaning better."""
    _, high = up_is_better(difference.metric, difference.low or 0.0, difference.high or 0.0)
    shift = difference.difference or 0.0
    middle, _ = up_is_better(difference.metric, shift, shift)
    return high, middle, difference.column, difference.value


def _judged(group: Group, level: float, *, among: int) -> Difference:
    interval = group.interval(1 - (1 - level) / among)
    widened = f"{interval.method}, widened for {among} segments" if among > 1 else interval.method
    return Difference(
        metric=group.metric,
        column=group.column,
        value=group.value,
        n=group.n,
        baseline=group.baseline,
        candidate=group.candidate,
        difference=interval.difference,
        low=interval.low,
        high=interval.high,
        level=level,
        method=widened,
        verdict=verdict_of(group.metric, interval),
    )


def _too_small(group: Group, level: float) -> Difference:
    return Difference(
        metric=group.metric,
        column=group.column,
        value=group.value,
        n=group.n,
        baseline=None,
        candidate=None,
        difference=None,
        low=None,
        high=None,
        level=level,
        method="",
        verdict="too_small",
        reason=f"{group.n} {group.rows}; at least {MINIMUM_SEGMENT_ROWS} are needed",
    )
