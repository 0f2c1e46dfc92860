"""Where two versions agree least: their agreement by segment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.group_shares import group_shares
from evidence.groups import Groups
from evidence.metrics.by_group import group_means
from evidence.metrics.means import Floats
from evidence.quantiles import student_quantile
from evidence.score_intervals import wilson
from evidence.segments import MINIMUM_SEGMENT_ROWS, check_lengths


@dataclass(frozen=True)
class SegmentAgreement:
    """The share decided alike, or the mean distance of numbers, among the `n` rows of the segment `column` = `segment`.

    A segment that is too small is named and has no value; `reason` says so.
    """

    column: str
    segment: str
    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Column:
    """Of each group of a column: its rows, its value, and the ends of its interval at a level."""

    name: str
    groups: tuple[str, ...]
    n: npt.NDArray[Any]
    value: Floats
    ends: Callable[[float], tuple[Floats, Floats]]


def shares_by_segment(
    alike: npt.NDArray[np.bool_], segments: Mapping[str, Groups], weight: Floats | None, level: float
) -> list[SegmentAgreement]:
    """The share of rows decided alike with Wilson's interval (of the rows' worth when weighted), the lowest first.

    Raises ValueError when a column has not one entry per row.
    """
    check_lengths(segments, len(alike))
    found = _judged([_shares(alike, name, groups, weight) for name, groups in segments.items()], level)
    return sorted(found, key=lambda row: (row.high is None, row.high or 0, row.value or 0, row.column, row.segment))


def distances_by_segment(
    apart: Floats, segments: Mapping[str, Groups], weight: Floats | None, level: float
) -> list[SegmentAgreement]:
    """The mean distance of numbers with Student's t interval, the surely largest first.

    Raises ValueError when a column has not one entry per row.
    """
    check_lengths(segments, len(apart))
    found = _judged([_distances(apart, name, groups, weight) for name, groups in segments.items()], level)
    return sorted(found, key=lambda row: (row.low is None, -(row.low or 0), -(row.value or 0), row.column, row.segment))


def _shares(alike: npt.NDArray[np.bool_], name: str, groups: Groups, weight: Floats | None) -> _Column:
    shares = group_shares(alike, np.ones_like(alike), groups, weight)

    def ends(level: float) -> tuple[Floats, Floats]:
        one = wilson(shares.share, shares.worth, level)
        return one.low, one.high

    return _Column(name, groups.names, shares.n, shares.share, ends)


def _distances(apart: Floats, name: str, groups: Groups, weight: Floats | None) -> _Column:
    means = group_means(groups, apart, weight)

    def ends(level: float) -> tuple[Floats, Floats]:
        reach = np.array([student_quantile(level, max(1, int(n) - 1)) for n in means.n]) * np.sqrt(means.variance)
        return np.maximum(0.0, means.value - reach), means.value + reach

    return _Column(name, groups.names, means.n, means.value, ends)


def _judged(columns: list[_Column], level: float) -> list[SegmentAgreement]:
    """Every group that has rows; the intervals of those large enough are widened to hold all together."""
    large = sum(int((column.n >= MINIMUM_SEGMENT_ROWS).sum()) for column in columns)
    found = []
    for column in columns:
        with np.errstate(divide="ignore", invalid="ignore"):  # groups without rows
            low, high = column.ends(1 - (1 - level) / max(1, large))
        places = np.flatnonzero(column.n)
        found += [_segment(column, place, float(low[place]), float(high[place])) for place in places]
    return found


def _segment(column: _Column, place: np.intp, low: float, high: float) -> SegmentAgreement:
    segment, n = column.groups[place], int(column.n[place])
    if n < MINIMUM_SEGMENT_ROWS:
        return SegmentAgreement(column.name, segment, n, reason=f"{n} rows; at least {MINIMUM_SEGMENT_ROWS} are needed")
    return SegmentAgreement(column.name, segment, n, float(column.value[place]), low, high)
