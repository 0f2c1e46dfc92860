"""Waiting for people and gates."""

import time
from collections.abc import Callable, Collection
from typing import Protocol

from assaydesk_client.answers import Promotion
from assaydesk_client.errors import TimedOut

CLOSED = frozenset({"completed", "rejected", "withdrawn", "expired", "superseded"})
STUCK = frozenset({"blocked", "changes_requested"})
"""Open, but nothing moves before the requester does something."""

FIRST_INTERVAL = 0.5
LONGEST_INTERVAL = 10.0


class Promotions(Protocol):
    """The one call that waiting needs."""

    def promotion(self, promotion: int) -> Promotion: ...


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
    end = clock() + timeout
    interval, before = FIRST_INTERVAL, None
    while True:
        now = client.promotion(promotion)
        seen(now)
        if now["state"] in until or now["state"] in CLOSED:
            return now
        if clock() >= end:
            raise TimedOut(f"Promotion {promotion} is still {now['state_title']} after {timeout:g} s of waiting.")
        interval = FIRST_INTERVAL if now != before else min(interval * 1.5, LONGEST_INTERVAL)
        before = now
        pause(max(0.0, min(interval, end - clock())))
