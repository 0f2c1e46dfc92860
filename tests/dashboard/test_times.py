from datetime import UTC, datetime, timedelta

import pytest

from dashboard import times

NOW = datetime(2026, 11, 19, 15, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("away", "shown"),
    [
        (timedelta(hours=-3), "3 h ago"),
        (timedelta(minutes=-26), "26 min ago"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(hours=25), "in 25 h"),
        (timedelta(hours=48), "in 2 days"),
        (timedelta(days=-42), "42 days ago"),
    ],
)
def test_a_moment_in_a_row_is_relative(away: timedelta, shown: str) -> None:
    assert times.relative(NOW + away, NOW) == shown


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 19, 12, 40, tzinfo=UTC), "today 12:40"),
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), "tomorrow 17:00"),
        (datetime(2026, 11, 18, 0, 5, tzinfo=UTC), "yesterday 00:05"),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "Mon 23 Nov, 12:00"),
        (datetime(2025, 10, 2, 9, 15, tzinfo=UTC), "2 Oct 2025, 09:15"),
    ],
)
def test_clock_time_names_the_near_days(moment: datetime, shown: str) -> None:
    assert times.clock(moment, NOW) == shown


def test_days_are_those_of_the_local_clock(settings: object) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"  # type: ignore[attr-defined]
    assert times.clock(datetime(2026, 11, 19, 15, 30, tzinfo=UTC), NOW) == "today 00:30"
    assert times.clock(datetime(2026, 11, 19, 14, 30, tzinfo=UTC), NOW) == "yesterday 23:30"


def test_a_record_shows_seconds_and_zone() -> None:
    assert times.on_record(datetime(2026, 11, 19, 12, 41, 7, tzinfo=UTC)) == "19 Nov 2026, 12:41:07 UTC"
