"""Comparing two versions on 10,000,000 rows: all metrics, 20 segments, curves and paired intervals, nothing binned.

Against pandas and scikit-learn, with an interval from 200 paired resamples of the rows.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.timing import seconds
from evidence.comparing.binary import compare_scored
from evidence.comparing.side_by_side import both
from evidence.curves.binary import curves
from evidence.groups import Groups
from evidence.metrics.scored import scored

ROWS, SEGMENTS, RESAMPLES, MEASURED_RESAMPLES = 10_000_000, 20, 200, 4


@dataclass(frozen=True)
class Sample:
    """What two models say of the same rows."""

    truth: npt.NDArray[np.bool_]
    live: npt.NDArray[np.float64]
    candidate: npt.NDArray[np.float64]
    groups: Groups


def sample(rows: int = ROWS) -> Sample:
    rng = np.random.default_rng(7)
    truth = rng.random(rows) < 0.3
    live, candidate = (1 / (1 + np.exp(-(rng.normal(size=rows) + 1.2 * truth))) for _ in range(2))
    names = tuple(f"group {place:02}" for place in range(SEGMENTS))
    return Sample(truth, live, candidate, Groups(names, rng.integers(0, SEGMENTS, rows).astype(np.uint16)))


def ours(drawn: Sample) -> None:
    live, candidate = scored(drawn.truth, drawn.live, 0.5), scored(drawn.truth, drawn.candidate, 0.5)
    compare_scored(live, candidate, segments={"group": drawn.groups})
    both(curves, live, candidate)


def figures() -> Iterator[str]:
    # A process of its own, so that its peak of memory is that of this work and no other.
    told = subprocess.run([sys.executable, "-m", __name__], check=True, capture_output=True, text=True)
    mine, floor, peak = (json.loads(told.stdout)[name] for name in ("seconds", "sorts", "peak_bytes"))
    theirs = _resampled_seconds()
    yield f"ours {mine:.2f} s, at most {peak / 1e9:.2f} GB of memory with the data"
    yield f"{RESAMPLES} resamples {theirs:,.0f} s ({MEASURED_RESAMPLES} measured, multiplied)"
    yield f"ratio to resampling: {theirs / mine:.0f} times faster"
    yield f"ratio to the two stable sorts that exact AUC needs ({floor:.2f} s): {mine / floor:.1f}"


def _resampled_seconds() -> float:
    """What everything takes with pandas and scikit-learn: curves once, the metrics anew for each resample."""
    from bench.resampled import Resampled

    by_hand = Resampled(sample())
    once = seconds(by_hand.curves, runs=1)
    few = seconds(lambda: [by_hand.resample(seed) for seed in range(MEASURED_RESAMPLES)], runs=1)
    return once + few * RESAMPLES / MEASURED_RESAMPLES


def _measure() -> None:
    drawn = sample()
    mine = seconds(lambda: ours(drawn))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    floor = seconds(lambda: [np.argsort(scores, kind="stable") for scores in (drawn.live, drawn.candidate)], runs=1)
    print(json.dumps({"seconds": mine, "sorts": floor, "peak_bytes": peak}))


if __name__ == "__main__":
    _measure()
