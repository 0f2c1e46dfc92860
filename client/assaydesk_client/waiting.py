"""Waiting for people, gates and workers."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVar

from assaydesk_client.answers import Comparison, Promotion
from assaydesk_client.errors import TimedOut

CLOSED = frozenset({"completed", "rejected", "withdrawn", "expired", "superseded"})
STUCK = frozenset({"blocked", "changes_requested"})
"""Open, but nothing moves before the requester does something."""

FIRST_INTERVAL = 0.5
LONGEST_INTERVAL = 10.0


Seen = TypeVar("Seen")


class Promotions(Protocol):
    """The one call that waiting for a promotion needs."""

    def promotion(self, promotion: int) -> Promotion: ...


class Comparisons(Protocol):
    """The one call that waiting for a comparison needs."""

    def compare(
        self, model: str, versions: Sequence[int], *, dataset: str | None = None, baseline: int | None = None
    ) -> Comparison: ...


def wait_for_promotion(
    client: Promotions,
    promotion: int,
    *,
    until: Collection[str] = CLOSED | STUCK,
    timeout: float = 3600.0,
    seen: Callable[[Promotion], None] = lambda _promotion: None,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Promotion:
    """Asks again and again until the promotion is in one of the states `until`, or closed.

    `timeout` is in seconds; afterwards raises TimedOut. `seen` is shown every answer. Asks often at first and
    ever less so while nothing changes, up to ten seconds apart.
    """

    def ask() -> Promotion:
        now = client.promotion(promotion)
        seen(now)
        return now

    return _wait(
        ask,
        lambda now: now["state"] in until or now["state"] in CLOSED,
        lambda now: f"Promotion {promotion} is still {now['state_title']} after {timeout:g} s of waiting.",
        timeout=timeout,
        clock=clock,
        pause=pause,
    )


def wait_for_comparison(
    client: Comparisons,
    model: str,
    versions: Sequence[int],
    *,
    dataset: str | None = None,
    baseline: int | None = None,
    timeout: float = 3600.0,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Comparison:
    """Asks as `wait_for_promotion` does, until no worker is at these versions any more.

    What it made of them is in the answer: paired differences, or why a comparison came to nothing.
    """
    return _wait(
        lambda: client.compare(model, versions, dataset=dataset, baseline=baseline),
        lambda now: not now["waited_for"],
        lambda now: f"{len(now['waited_for'])} comparisons are still to be made after {timeout:g} s of waiting.",
        timeout=timeout,
        clock=clock,
        pause=pause,
    )


def _wait(
    ask: Callable[[], Seen],
    is_over: Callable[[Seen], bool],
    too_late: Callable[[Seen], str],
    *,
    timeout: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> Seen:
    end = clock() + timeout
    interval, before = FIRST_INTERVAL, None
    while True:
        now = ask()
        if is_over(now):
            return now
        if clock() >= end:
            raise TimedOut(too_late(now))
        interval = FIRST_INTERVAL if now != before else min(interval * 1.5, LONGEST_INTERVAL)
        before = now
        pause(max(0.0, min(interval, end - clock())))
