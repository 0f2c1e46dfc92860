"""Timing one call: the fastest of a few runs, which is the one the machine disturbed least."""

import time
from collections.abc import Callable


def seconds(work: Callable[[], object], *, runs: int = 3) -> float:
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best
