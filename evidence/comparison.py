"""What a candidate changes against a baseline, judged on the same rows; `evidence.comparing` has a file per task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.differences import Difference, Judgement, judge_no_regression, verdict_of
from evidence.intervals import Interval, Undefined
from evidence.metrics import METRICS, Value

__all__ = ["Comparison", "Difference", "Judgement", "count_decisions", "judge_measures", "judge_no_regression"]

Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """Everything that two models' predictions for the same `n` rows say about each other.

    `decisions` counts the rows. Of models that sort out, by whose decision was right: both_right, fixed (only
    the candidate's), broken (only the baseline's), both_wrong. Of models that predict numbers, by whose number
    was nearer the truth: closer (the candidate's), farther, equal. `changed` counts rows decided (or predicted)
    differently. `segments` has one metric by segment (`evidence.metrics.SEGMENT_METRICS`), the surest harm
    first: by the most favourable end of the interval, worst on top; those too small to judge follow by name.
    """

    task: str
    n: int
    level: float
    measures: list[Difference]
    segments: list[Difference]
    decisions: dict[str, int]
    changed: int

    @property
    def segments_judged(self) -> int:
        return len(self.segments) - self.segments_too_small

    @property
    def segments_too_small(self) -> int:
        return sum(segment.verdict == "too_small" for segment in self.segments)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives an equal Comparison back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Comparison:
        """The Comparison that `to_dict` turned into `stored`. Raises TypeError on missing or unknown keys."""
        differences = {key: [Difference(**row) for row in stored[key]] for key in ("measures", "segments")}
        return cls(**{**stored, **differences})


def judge_measures(
    before: list[Value], after: list[Value], intervals: Mapping[str, Callable[[], Interval]], level: float
) -> list[Difference]:
    """The Difference of each metric, in the order of the values; `intervals` has how each is found, by metric."""
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
        reason=after.reason or before.reason,
    )
    if before.value is None or after.value is None:
        return unjudged
    try:
        found = interval()
    except Undefined as undefined:
        bare = _difference(after.metric, before.value, after.value)
        return replace(unjudged, difference=bare, reason=str(undefined))
    return replace(
        unjudged,
        difference=found.difference,
        low=found.low,
        high=found.high,
        method=found.method,
        verdict=verdict_of(after.metric, found),
    )


def _difference(metric: str, before: float, after: float) -> float:
    return abs(after) - abs(before) if METRICS[metric].direction == "zero" else after - before


def count_decisions(was_right: Truths, is_right: Truths) -> dict[str, int]:
    """`Comparison.decisions` of models that sort out."""
    return {
        "both_right": int((was_right & is_right).sum()),
        "fixed": int((~was_right & is_right).sum()),
        "broken": int((was_right & ~is_right).sum()),
        "both_wrong": int((~was_right & ~is_right).sum()),
    }
