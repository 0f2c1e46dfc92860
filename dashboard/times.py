"""Moments as the reader sees them: relative in rows, by the clock on records."""

from datetime import datetime, timedelta

from django.utils import timezone

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit: `under a minute`, `26 min`, `25 h`, `42 days`."""
    seconds = int(abs(length.total_seconds()))
    if seconds < MINUTE:
        return "under a minute"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR} h"
    return f"{seconds // DAY:,} days"


def relative(moment: datetime, now: datetime) -> str:
    """`3 h ago`, `in 25 h`, and `just now` within a minute either way. What is to come is rounded, not cut."""
    away = moment - now
    if away > timedelta(days=2):
        return f"in {span(away + timedelta(hours=12))}"
    if abs(away.total_seconds()) < MINUTE:
        return "just now"
    return f"in {span(away)}" if away > timedelta(0) else f"{span(away)} ago"


def clock(moment: datetime, now: datetime) -> str:
    """Local clock time: `today 12:40`, `tomorrow 17:00`, `Mon 23 Nov, 12:00`, `2 Oct 2025, 09:15`."""
    here, today = timezone.localtime(moment), timezone.localtime(now).date()
    days = (here.date() - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    if days in near:
        return f"{near[days]} {here:%H:%M}"
    if here.year == today.year:
        return f"{here:%a} {here.day} {here:%b, %H:%M}"
    return f"{here.day} {here:%b %Y, %H:%M}"


def day(moment: datetime) -> str:
    """`16 Nov`, with the year where it isn't this one."""
    here = timezone.localtime(moment)
    return f"{here.day} {here:%b}" if here.year == timezone.localtime().year else f"{here.day} {here:%b %Y}"


def on_record(moment: datetime) -> str:
    """The full local time with its zone, as a record needs it: `19 Nov 2026, 12:41:07 UTC`."""
    here = timezone.localtime(moment)
    return f"{here.day} {here:%b %Y, %H:%M:%S %Z}"
