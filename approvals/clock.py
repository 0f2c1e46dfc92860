"""Moments in the words that go into letters and refusals."""

from datetime import datetime

from django.utils import timezone


def by_the_clock(moment: datetime | None) -> str:
    """A moment by the installation's clock, with its zone: `Fri 20 Nov 2026, 14:00 UTC`; "" without one."""
    if moment is None:
        return ""
    here = timezone.localtime(moment)
    return f"{here:%a} {here.day} {here:%b %Y, %H:%M %Z}"
