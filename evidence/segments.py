"""Recall by segment, candidate against baseline: for whom it gets worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.differences import Difference, verdict_of
from evidence.intervals import share_difference
from evidence.metrics.binary import Truth

# Fewer positives than this say next to nothing about a segment's recall: it is named, not judged.
MINIMUM_SEGMENT_ROWS = 30


@dataclass(frozen=True)
class _SegmentCount:
    """Positive rows of one segment: all, those each model has right, those only one of them has right."""

    column: str
    value: str
    positives: int
    baseline_right: int
    candidate_right: int
    fixed: int
    broken: int


def judge_segments(
    truth: Truth, was_right: Truth, is_right: Truth, segments: Mapping[str, npt.NDArray[Any]], level: float
) -> list[Difference]:
    """The recall Difference of every value of every segment column, the surest harm first.

    Ordered by the most favourable end of the interval, lowest on top, so that a small noisy segment can't
    hide a certain loss; those with fewer than `MINIMUM_SEGMENT_ROWS` positives follow unjudged, by name. All
    intervals hold together at `level`. Raises ValueError when a column has not one entry per row.
    """
    counts = [
        count
        for column, values in segments.items()
        for count in _count_segments(column, np.asarray(values), truth, was_right, is_right)
    ]
    large = [count for count in counts if count.positives >= MINIMUM_SEGMENT_ROWS]
    small = [count for count in counts if count.positives < MINIMUM_SEGMENT_ROWS]
    judged = [_judge_segment(count, level, among=len(large)) for count in large]
    too_small = [_too_small(count, level) for count in small]
    return sorted(judged, key=_most_favourable_end) + sorted(too_small, key=lambda d: (d.column, d.value))


def _most_favourable_end(difference: Difference) -> tuple[float, float, str, str]:
    high = difference.high if difference.high is not None else 0.0
    return high, difference.difference or 0.0, difference.column, difference.value


def _count_segments(
    column: str, values: npt.NDArray[Any], truth: Truth, was_right: Truth, is_right: Truth
) -> list[_SegmentCount]:
    """Counts for every value of the column, in one pass over the rows however many values there are."""
    if values.shape != truth.shape:
        raise ValueError(f"segment column {column} has shape {values.shape}, the rows {truth.shape}")
    names, place = np.unique(values.astype(str), return_inverse=True)

    def tally(rows: Truth) -> list[int]:
        return [int(count) for count in np.bincount(place[truth & rows], minlength=len(names))]

    everywhere = np.ones_like(truth)
    tallies = zip(
        tally(everywhere),
        tally(was_right),
        tally(is_right),
        tally(is_right & ~was_right),
        tally(was_right & ~is_right),
        strict=True,
    )
    return [_SegmentCount(column, str(name), *row) for name, row in zip(names, tallies, strict=True)]


def _judge_segment(count: _SegmentCount, level: float, *, among: int) -> Difference:
    """Bonferroni: each of `among` intervals at 1 - (1 - level) / among, so that all hold at `level`."""
    each = 1 - (1 - level) / among
    interval = share_difference(count.positives, count.fixed, count.broken, each)
    widened = f"{interval.method}, widened for {among} segments" if among > 1 else interval.method
    return Difference(
        metric="recall",
        column=count.column,
        value=count.value,
        n=count.positives,
        baseline=count.baseline_right / count.positives,
        candidate=count.candidate_right / count.positives,
        difference=interval.difference,
        low=interval.low,
        high=interval.high,
        level=level,
        method=widened,
        verdict=verdict_of("recall", interval),
    )


def _too_small(count: _SegmentCount, level: float) -> Difference:
    return Difference(
        metric="recall",
        column=count.column,
        value=count.value,
        n=count.positives,
        baseline=None,
        candidate=None,
        difference=None,
        low=None,
        high=None,
        level=level,
        method="",
        verdict="too_small",
        reason=f"{count.positives} positive rows; at least {MINIMUM_SEGMENT_ROWS} are needed",
    )
