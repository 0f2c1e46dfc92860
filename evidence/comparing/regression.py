"""Two models that predict a number, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evidence.comparing.distance_from_zero import distances_from_zero
from evidence.comparing.moved import DELTA_PAIRED, moved_groups
from evidence.comparison import Comparison, count_by_segment
from evidence.groups import Groups
from evidence.intervals import PAIRED_MEAN, WEIGHTED_MEAN
from evidence.metrics import REGRESSION, SEGMENT_METRICS
from evidence.metrics.means import Floats
from evidence.metrics.regression import checked_rows, moved_metrics
from evidence.metrics.scored import checked_weight
from evidence.segments import Group, check_lengths, judge_groups, judge_overall

_MEANS = frozenset({"mape", "mae"})
_KINDS = ("closer", "farther", "equal")


def compare(
    truth: Floats,
    baseline: Floats,
    candidate: Floats,
    *,
    segments: Mapping[str, Groups],
    weight: Floats | None = None,
    level: float = 0.95,
) -> Comparison:
    """Compare two models' predictions of the same rows, in the unit of the target.

    Every array and every column of `segments` has one entry per row. Intervals of segments are Bonferroni-widened so
    that all of one metric's hold together at `level`. Raises ValueError when lengths differ, something isn't finite,
    or a weight not above 0.
    """
    truth, baseline = checked_rows(truth, baseline)
    truth, candidate = checked_rows(truth, candidate)
    weight = checked_weight(weight, len(truth))
    check_lengths(segments, len(truth))
    rows = (truth, baseline, candidate)
    overall = _groups(rows, weight, "", Groups.whole(len(truth)))
    by_segment: dict[str, list[Group]] = {metric: [] for metric in overall}
    for column, groups in segments.items():
        for metric, found in _groups(rows, weight, column, groups).items():
            by_segment[metric] += found
    judged = {metric: judge_groups(found, level) for metric, found in by_segment.items()}
    became = _became(np.abs(baseline - truth), np.abs(candidate - truth))
    return Comparison(
        task=REGRESSION,
        n=len(truth),
        level=level,
        measures=[judge_overall(found[0], level) for found in overall.values()],
        segments=judged.pop(SEGMENT_METRICS[REGRESSION]),
        decisions=dict(zip(_KINDS, np.bincount(became, minlength=len(_KINDS)).tolist(), strict=True)),
        changed=int((baseline != candidate).sum()),
        other_segments=judged if segments else {},
        segment_decisions=count_by_segment(segments, became, _KINDS),
    )


def _became(was_off: Floats, is_off: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """By row: the place in `_KINDS` of what became of it."""
    return np.where(is_off < was_off, 0, np.where(is_off > was_off, 1, 2))


def _groups(
    rows: tuple[Floats, Floats, Floats], weight: Floats | None, column: str, groups: Groups
) -> dict[str, list[Group]]:
    """By metric, in the order of `METRICS`: one Group for each group of the column."""
    truth, baseline, candidate = rows
    before, after = (moved_metrics(truth, each, groups, weight) for each in (baseline, candidate))
    found = {}
    for metric in after:
        was, now = before[metric], after[metric]
        signed = distances_from_zero(was, now, groups, weight) if metric == "mean_signed_error" else None
        method = _method(metric, weighted=weight is not None)
        found[metric] = moved_groups(was, now, column, groups, weight=weight, method=method, interval_of=signed)
    return found


def _method(metric: str, *, weighted: bool) -> str:
    if metric not in _MEANS:
        return DELTA_PAIRED
    return WEIGHTED_MEAN if weighted else PAIRED_MEAN
