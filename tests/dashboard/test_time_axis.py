"""Ticks of a time axis: round, few, in order, by the installation's clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dashboard.time_axis import MOST_TICKS, ticks_between

STARTS = st.datetimes(datetime(2001, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # UTC by the strategy


@pytest.mark.parametrize(
    ("start", "length", "words"),
    [
        (
            (2026, 11, 30, 19, 25, 3),
            timedelta(seconds=25),
            ["19:25:05", "19:25:10", "19:25:15", "19:25:20", "19:25:25"],
        ),
        ((2026, 11, 30, 19, 25), timedelta(minutes=11), ["19:25", "19:30", "19:35"]),
        ((2026, 11, 30, 22, 30), timedelta(hours=3), ["22:30", "23:00", "23:30", "1 Dec", "00:30", "01:00", "01:30"]),
        ((2026, 11, 27, 12), timedelta(days=5), ["28 Nov", "29 Nov", "30 Nov", "1 Dec", "2 Dec"]),
        ((2026, 10, 10), timedelta(days=40), ["12 Oct", "19 Oct", "26 Oct", "2 Nov", "9 Nov", "16 Nov"]),
        ((2026, 4, 2), timedelta(days=230), ["May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]),
        ((2025, 2, 1), timedelta(days=600), ["Apr", "Jul", "Oct", "2026", "Apr", "Jul"]),
        ((2020, 5, 1), timedelta(days=365 * 6), ["2021", "2022", "2023", "2024", "2025", "2026"]),
    ],
)
def test_the_step_fits_the_length(start: tuple[int, ...], length: timedelta, words: list[str]) -> None:
    begin = datetime(*start, tzinfo=UTC)  # type: ignore[misc,arg-type]
    assert [tick.words for tick in ticks_between(begin, begin + length)] == words


@given(
    STARTS,
    st.timedeltas(timedelta(0), timedelta(days=400 * 365)),
    st.sampled_from(["UTC", "Europe/Oslo", "Asia/Kolkata"]),
)
def test_ticks_are_few_in_order_and_within(start: datetime, length: timedelta, zone: str) -> None:
    with timezone.override(zone):
        end = start + length
        found = [tick.at for tick in ticks_between(start, end)]
    assert len(found) <= MOST_TICKS + 1
    assert found == sorted(set(found))
    assert all(start <= at <= end for at in found)
    if length > timedelta(days=9):
        assert found


def test_days_begin_where_the_clocks_say() -> None:
    start = datetime(2026, 10, 23, 12, tzinfo=UTC)  # summer time ends on the 25th
    with timezone.override("Europe/Oslo"):
        found = [timezone.localtime(tick.at) for tick in ticks_between(start, start + timedelta(days=5))]
    assert [(at.day, at.hour) for at in found] == [(24, 0), (25, 0), (26, 0), (27, 0), (28, 0)]
