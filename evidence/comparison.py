"""What a candidate changes against a baseline, judged on the same rows; `evidence.comparing` has a file per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.differences import Difference, Judgement, judge_no_regression
from evidence.groups import Groups
from evidence.metrics import SEGMENT_METRICS

__all__ = [
    "Comparison",
    "Difference",
    "Judgement",
    "count_by_segment",
    "count_decisions",
    "count_segment_decisions",
    "judge_no_regression",
]

Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """Everything that two models' predictions for the same `n` rows say about each other.

    `decisions` counts the rows. Of models that sort out, by whose decision was right: both_right, fixed (only
    the candidate's), broken (only the baseline's), both_wrong. Of models that predict numbers, by whose number
    was nearer the truth: closer (the candidate's), farther, equal. `changed` counts rows decided (or predicted)
    differently. `segments` has one metric by segment (`evidence.metrics.SEGMENT_METRICS`), the surest harm
    first: by the most favourable end of the interval, worst on top; those without an interval follow by name.
    `other_segments` has the task's other metrics likewise, and `segment_decisions` counts `decisions` by column
    and segment. Both are stored apart from the rest and empty where they weren't loaded.
    """

    task: str
    n: int
    level: float
    measures: list[Difference]
    segments: list[Difference]
    decisions: dict[str, int]
    changed: int
    other_segments: dict[str, list[Difference]] = field(default_factory=dict)
    segment_decisions: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)

    def segments_by(self, metric: str) -> list[Difference]:
        """The metric by segment, ordered as `segments`; empty for a metric that isn't there."""
        if metric == SEGMENT_METRICS[self.task]:
            return self.segments
        return self.other_segments.get(metric, [])

    @property
    def segments_judged(self) -> int:
        return sum(segment.low is not None for segment in self.segments)

    @property
    def segments_too_small(self) -> int:
        return sum(segment.verdict == "too_small" for segment in self.segments)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives an equal Comparison back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Comparison:
        """The Comparison that `to_dict` turned into `stored`. Raises TypeError on missing or unknown keys."""
        others = stored.get("other_segments", {})
        return cls(
            **{
                **stored,
                "measures": _differences(stored["measures"]),
                "segments": _differences(stored["segments"]),
                "other_segments": {metric: _differences(rows) for metric, rows in others.items()},
            }
        )


def _differences(stored: list[Mapping[str, Any]]) -> list[Difference]:
    return [Difference(**row) for row in stored]


def count_segment_decisions(
    segments: Mapping[str, Groups], was_right: Truths, is_right: Truths
) -> dict[str, dict[str, dict[str, int]]]:
    """`Comparison.segment_decisions` of models that sort out."""
    became = np.where(was_right, np.where(is_right, 0, 2), np.where(is_right, 1, 3))
    return count_by_segment(segments, became, ("both_right", "fixed", "broken", "both_wrong"))


def count_by_segment(
    segments: Mapping[str, Groups], became: npt.NDArray[np.integer[Any]], kinds: Sequence[str]
) -> dict[str, dict[str, dict[str, int]]]:
    """By column and segment: how many rows became each of `kinds`; `became[n]` has the kind's place among them."""
    found = {}
    for column, groups in segments.items():
        cells = groups.places * np.intp(len(kinds)) + became
        table = np.bincount(cells, minlength=len(groups.names) * len(kinds)).reshape(-1, len(kinds)).tolist()
        found[column] = {
            name: dict(zip(kinds, counts, strict=True)) for name, counts in zip(groups.names, table, strict=True)
        }
    return found


def count_decisions(was_right: Truths, is_right: Truths) -> dict[str, int]:
    """`Comparison.decisions` of models that sort out."""
    return {
        "both_right": int((was_right & is_right).sum()),
        "fixed": int((~was_right & is_right).sum()),
        "broken": int((was_right & ~is_right).sum()),
        "both_wrong": int((~was_right & ~is_right).sum()),
    }
