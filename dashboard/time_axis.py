"""Round moments to rule a time axis by, from seconds to years, by the installation's clocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

MOST_TICKS = 9
_SECOND, _MINUTE, _HOUR, _DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86_400))
_LENGTHS = (
    *(_SECOND * many for many in (1, 5, 15, 30)),
    *(_MINUTE * many for many in (1, 5, 15, 30)),
    *(_HOUR * many for many in (1, 3, 6, 12)),
    *(_DAY * many for many in (1, 2, 7)),
)
_MONTHS = (1, 3, 6, *(12 * years for years in (1, 2, 5, 10, 25, 100)))


@dataclass(frozen=True)
class Tick:
    """A moment on the axis and its words: `19:25`, `16 Nov`, `Nov`, `2026`."""

    at: datetime
    words: str


def ticks_between(start: datetime, end: datetime) -> list[Tick]:
    """Round moments from start to end, at most `MOST_TICKS`, by the finest step that keeps to it."""
    whole = end - start
    for length in _LENGTHS:
        if whole / length < MOST_TICKS:
            return [Tick(at, _words(at, length)) for at in _every(length, start, end)]
    for months in _MONTHS:
        if whole / (30 * _DAY * months) < MOST_TICKS:
            return [Tick(at, _month(at)) for at in _every_months(months, start, end)]
    return []


def _every(length: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    """Steps are counted from local midnight; longer ones than a day from the Monday before."""
    local = timezone.localtime(start).replace(tzinfo=None)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if length > _DAY:
        first -= timedelta(days=first.weekday())
    at = first + -(-(local - first) // length) * length
    while (moment := timezone.make_aware(at)) <= end:
        # An hour that the clocks skip comes out after the next one.
        if moment >= start and timezone.localtime(moment).replace(tzinfo=None) == at:
            yield moment
        at += length


def _every_months(months: int, start: datetime, end: datetime) -> Iterator[datetime]:
    local = timezone.localtime(start)
    at = -(-(12 * local.year + local.month - 1) // months) * months
    while at // 12 <= timezone.localtime(end).year:
        moment = timezone.make_aware(datetime(at // 12, at % 12 + 1, 1))  # noqa: DTZ001  # made aware here
        if start <= moment <= end:
            yield moment
        at += months


def _words(at: datetime, length: timedelta) -> str:
    local = timezone.localtime(at)
    if length >= _DAY or (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{local.day} {local:%b}"
    return f"{local:%H:%M:%S}" if length < _MINUTE else f"{local:%H:%M}"


def _month(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%Y}" if local.month == 1 else f"{local:%b}"
