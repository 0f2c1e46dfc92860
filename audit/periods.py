"""Stretches of time as people write them: a day, or a moment."""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

#: Whose every moment can be written by every time zone's clocks; the first and the last year there are can't.
YEARS = range(2, 9999)


def moment_from(text: str, *, as_end: bool = False) -> datetime | None:
    """The moment written as a day (2026-11-21) or in ISO form (2026-11-21T14:30:00+01:00); None for no text.

    A day stands for its first moment, or with `as_end` for the first after it, so that it is included. Without an
    offset the installation's time zone is meant. Raises ValueError for text that is neither.
    """
    if not text:
        return None
    try:
        day, moment = parse_date(text), parse_datetime(text)
        if day is not None:
            moment = datetime.combine(day + timedelta(days=as_end), time.min)
    except (ValueError, OverflowError):  # shaped like a day, and none: a 30th of February
        moment = None
    if moment is None or moment.year not in YEARS:
        raise ValueError(f"{text!r} is neither a day (2026-11-21) nor a moment (2026-11-21T14:30:00+01:00).")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
