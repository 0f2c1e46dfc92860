"""When a policy lets versions go live: certain weekdays, between two times of day, in one time zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class ChangeWindow:
    """Open on each of `days` (0 is Monday) from `opens` until before `closes`, by the clocks of `zone`."""

    days: frozenset[int]
    opens: time
    closes: time
    zone: str

    def opening(self, moment: datetime) -> datetime:
        """The moment itself when the window is open then, else when it opens next; in UTC.

        Python takes a moment of the hour that clocks repeat for unequal to the same moment in another zone.
        """
        moment = moment.astimezone(UTC)
        if self.is_open(moment):
            return moment
        return next(opens for opens in self._openings(moment) if opens > moment and self.is_open(opens))

    def is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(self.zone))
        return local.weekday() in self.days and self.opens <= local.time() < self.closes

    def _openings(self, moment: datetime) -> Iterator[datetime]:
        """Moments, in order, among which is the one when it opens next: on most days just the one on the clock.

        Where clocks change, that time of day comes twice, or is jumped over: then every minute between its earlier
        and its later reading (PEP 495's fold 1 and 0 of a time that is jumped over).
        """
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        for ahead in range(16):  # a fortnight on, since a short window may fall into what the clocks jump over
            day = today + timedelta(days=ahead)
            if day.weekday() in self.days:
                on_the_clock = datetime.combine(day, self.opens, zone)
                first, last = sorted(on_the_clock.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
                yield from (first + timedelta(minutes=n) for n in range((last - first) // timedelta(minutes=1) + 1))

    def __str__(self) -> str:
        days = ", ".join(day.capitalize() for number, day in enumerate(WEEKDAYS) if number in self.days)
        return f"{days} {self.opens:%H:%M} to {self.closes:%H:%M} ({self.zone})"


def read_change_window(raw: Any, *, default_zone: str) -> ChangeWindow:
    """From `{days: [mon, tue], from: "09:00", to: "16:00", zone: Europe/Oslo}`.

    Raises ValueError naming what is wrong.
    """
    if not isinstance(raw, dict) or set(raw) - {"days", "from", "to", "zone"}:
        raise ValueError("it has the keys days, from, to and zone.")
    days = raw.get("days", list(WEEKDAYS[:5]))
    if not isinstance(days, list) or not days or any(day not in WEEKDAYS for day in days):
        raise ValueError(f"days must be a list of {', '.join(WEEKDAYS)}, not {days!r}.")
    opens, closes = _time(raw, "from"), _time(raw, "to")
    if opens >= closes:
        raise ValueError("it must close later on the day than it opens.")
    zone = raw.get("zone", default_zone)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise ValueError(f"there is no time zone {zone!r}; write it like Europe/Oslo.") from error
    return ChangeWindow(frozenset(WEEKDAYS.index(day) for day in days), opens, closes, zone)


def _time(raw: dict[str, Any], name: str) -> time:
    value = raw.get(name)  # unquoted, YAML makes 09:00 the number 540
    if not isinstance(value, str) or not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError(f'{name} must be a time in quotes like "09:00", not {value!r}.')
    return time.fromisoformat(value)
