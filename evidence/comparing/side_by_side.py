"""The same work for two models at once: numpy lets other threads run while it sorts and adds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from evidence.metrics.scored import Scored

Result = TypeVar("Result")

#: Fewer rows than this are through before a thread has started.
_WORTH_A_THREAD = 50_000


def both(work: Callable[[Scored], Result], before: Scored, after: Scored) -> list[Result]:
    """[work(before), work(after)], each in a thread of its own if there are many rows; the same either way."""
    if len(before) < _WORTH_A_THREAD:
        return [work(before), work(after)]
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(work, (before, after)))
