"""Comparing two versions on 10,000,000 rows: all metrics, 20 segments, curves and paired intervals, nothing binned.

Against pandas and scikit-learn, with an interval from 200 paired resamples of the rows.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator

import numpy as np

from bench.scored_rows import Sample, sample
from bench.timing import seconds
from evidence.comparing.binary import compare_scored
from evidence.comparing.side_by_side import both
from evidence.curves.binary import curves
from evidence.metrics.scored import scored

RESAMPLES, MEASURED_RESAMPLES = 200, 4


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
    from bench.resampled import Resampled  # pandas and scikit-learn would count as memory of ours

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
