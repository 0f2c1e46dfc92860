"""What a candidate changes against a baseline, judged on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy.typing as npt

from evidence.differences import Difference, Judgement, judge_no_regression, verdict_of
from evidence.intervals import Interval, Undefined, auc_difference, log_loss_difference, share_difference
from evidence.metrics import Value
from evidence.metrics.binary import Floats, Truth, checked_rows, measure
from evidence.segments import judge_segments

__all__ = ["Comparison", "Difference", "Judgement", "compare", "judge_no_regression"]


@dataclass(frozen=True)
class Comparison:
    """Everything that two models' scores on the same `n` rows say about each other.

    `decisions` counts the rows by whose decision was right: both_right, fixed (only the candidate's), broken
    (only the baseline's), both_wrong. `changed` counts rows decided differently. `segments` has recall by
    segment, the surest harm first: by the most favourable end of the interval, worst on top; those too small
    to judge follow by name.
    """

    n: int
    level: float
    measures: list[Difference]
    segments: list[Difference]
    decisions: dict[str, int]
    changed: int
    segments_judged: int
    segments_too_small: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives an equal Comparison back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Comparison:
        """The Comparison that `to_dict` turned into `stored`. Raises TypeError on missing or unknown keys."""
        differences = {key: [Difference(**row) for row in stored[key]] for key in ("measures", "segments")}
        return cls(**{**stored, **differences})


def compare(
    truth: Truth,
    baseline_score: Floats,
    candidate_score: Floats,
    *,
    baseline_threshold: float,
    candidate_threshold: float,
    segments: Mapping[str, npt.NDArray[Any]],
    level: float = 0.95,
) -> Comparison:
    """Compare two models' scores of the same rows, each decided at its own threshold.

    `truth`, both scores and every array of `segments` (column name → text per row) have one entry per row.
    Segment intervals are Bonferroni-widened so that all of them hold together at `level`. Raises ValueError
    when lengths differ or a score is not a finite number.
    """
    truth, baseline_score = checked_rows(truth, baseline_score)
    truth, candidate_score = checked_rows(truth, candidate_score)
    was_right = (baseline_score >= baseline_threshold) == truth
    is_right = (candidate_score >= candidate_threshold) == truth
    by_segment = judge_segments(truth, was_right, is_right, segments, level)
    judged = sum(segment.verdict != "too_small" for segment in by_segment)
    return Comparison(
        n=len(truth),
        level=level,
        measures=_judge_measures(
            measure(truth, baseline_score, baseline_threshold),
            measure(truth, candidate_score, candidate_threshold),
            _intervals(truth, baseline_score, candidate_score, was_right, is_right, level=level),
            level,
        ),
        segments=by_segment,
        decisions=_count_decisions(was_right, is_right),
        changed=int((was_right != is_right).sum()),
        segments_judged=judged,
        segments_too_small=len(by_segment) - judged,
    )


def _judge_measures(
    before: list[Value], after: list[Value], intervals: dict[str, Callable[[], Interval]], level: float
) -> list[Difference]:
    return [_judge(old, new, intervals[new.metric], level) for old, new in zip(before, after, strict=True)]


def _judge(before: Value, after: Value, interval: Callable[[], Interval], level: float) -> Difference:
    """The Difference of two values, with the verdict of their interval or the reason why there is none."""
    unjudged = Difference(
        metric=after.metric,
        n=after.n,
        baseline=before.value,
        candidate=after.value,
        difference=None,
        low=None,
        high=None,
        level=level,
        method="",
        verdict="undefined",
        reason=after.reason,
    )
    if before.value is None or after.value is None:
        return unjudged
    try:
        found = interval()
    except Undefined as undefined:
        return replace(unjudged, difference=after.value - before.value, reason=str(undefined))
    return replace(
        unjudged,
        difference=found.difference,
        low=found.low,
        high=found.high,
        method=found.method,
        verdict=verdict_of(after.metric, found),
    )


def _intervals(
    truth: Truth, baseline: Floats, candidate: Floats, was_right: Truth, is_right: Truth, *, level: float
) -> dict[str, Callable[[], Interval]]:
    return {
        "auc": lambda: auc_difference(truth, baseline, candidate, level),
        "accuracy": lambda: _share_interval(was_right, is_right, level),
        "log_loss": lambda: log_loss_difference(truth, baseline, candidate, level),
        "recall": lambda: _share_interval(was_right[truth], is_right[truth], level),
    }


def _share_interval(was_right: Truth, is_right: Truth, level: float) -> Interval:
    fixed, broken = int((is_right & ~was_right).sum()), int((was_right & ~is_right).sum())
    return share_difference(len(was_right), fixed, broken, level)


def _count_decisions(was_right: Truth, is_right: Truth) -> dict[str, int]:
    return {
        "both_right": int((was_right & is_right).sum()),
        "fixed": int((~was_right & is_right).sum()),
        "broken": int((was_right & ~is_right).sum()),
        "both_wrong": int((~was_right & ~is_right).sum()),
    }
