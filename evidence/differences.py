"""One metric's difference between two models, and what a gate makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

from evidence.intervals import Interval
from evidence.metrics import METRICS

Verdict = Literal["better", "same", "worse", "too_small", "undefined"]

# Beyond this, "collect more rows" is no advice.
MOST_ROWS_ASKED = 1_000_000_000


@dataclass(frozen=True)
class Difference:
    """One metric, candidate - baseline in raw units, overall or in the segment `column` = `value`.

    For a metric that is best at zero, difference, low and high are those of the distance from zero:
    |candidate| - |baseline|.

    `n` counts the rows behind it (for recall: positive rows). [low, high] holds at `level`; among segments
    `level` is that of all their intervals together. The verdict is about zero: "better" or "worse" when the
    whole interval lies on that side in the metric's direction, "same" when no difference is measurable.
    "undefined" and "too_small" carry a reason and no interval.
    """

    metric: str
    n: int
    baseline: float | None
    candidate: float | None
    difference: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    verdict: Verdict
    reason: str = ""
    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class Judgement:
    """A gate's answer. `rows_needed`: how many more rows of the kind `n` counts would probably settle it."""

    outcome: Literal["passed", "failed", "inconclusive"]
    rows_needed: int | None = None
    reason: str = ""


def judge_no_regression(difference: Difference, margin: float) -> Judgement:
    """Is the candidate no worse than the baseline by more than `margin` (>= 0, raw units)? Non-inferiority.

    With up meaning better: passed when the whole interval is at or above -margin, failed when it is wholly
    below, otherwise inconclusive with the number of further rows that would settle it at the same observed
    difference, the half-width shrinking with 1/√n. None of them when the difference sits on the margin.
    """
    if not margin >= 0:
        raise ValueError(f"the margin must be 0 or more, not {margin}")
    if difference.low is None or difference.high is None or difference.difference is None:
        return Judgement("inconclusive", reason=difference.reason)
    low, high = up_is_better(difference.metric, difference.low, difference.high)
    if low >= -margin:
        return Judgement("passed")
    if high < -margin:
        return Judgement("failed")
    observed, _ = up_is_better(difference.metric, difference.difference, difference.difference)
    needed = _rows_needed(difference.n, distance=abs(observed + margin), half_width=(high - low) / 2)
    return Judgement("inconclusive", needed, "the interval reaches over the margin")


def _rows_needed(n: int, *, distance: float, half_width: float) -> int | None:
    if half_width >= distance * (MOST_ROWS_ASKED / n) ** 0.5:
        return None
    return max(1, ceil(n * (half_width / distance) ** 2) - n)


def up_is_better(metric: str, low: float, high: float) -> tuple[float, float]:
    """An interval of differences turned so that up is better, whatever the metric's direction."""
    return (low, high) if METRICS[metric].direction == "higher" else (-high, -low)


def verdict_of(metric: str, interval: Interval) -> Verdict:
    """Which side of zero the whole interval lies on, in the metric's direction."""
    low, high = up_is_better(metric, interval.low, interval.high)
    if low > 0:
        return "better"
    return "worse" if high < 0 else "same"
