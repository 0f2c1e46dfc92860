"""When a policy lets versions go live: certain weekdays, between two times of day, in one time zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
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
        """The moment itself when the window is open then, else when it opens next."""
        return next(max(opens, moment) for opens, closes in self._from(moment) if moment < closes)

    def _from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        for ahead in range(9):  # the same weekday a week on, and a day to spare where clocks change
            day = today + timedelta(days=ahead)
            if day.weekday() in self.days:
                yield tuple(datetime.combine(day, at, zone) for at in (self.opens, self.closes))  # type: ignore[misc]

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
