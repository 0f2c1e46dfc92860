"""When a change window is open and opens next, against stepping through the minutes of a wall clock."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.reasons import Invalid
from approvals.change_windows import WEEKDAYS, ChangeWindow, read_change_window
from approvals.policies import read_document
from registry.models import Stage

OSLO = ZoneInfo("Europe/Oslo")
MINUTE = timedelta(minutes=1)
#: Clocks go forward at 01:00 UTC (02:00 becomes 03:00) and back at 01:00 UTC (03:00 becomes 02:00).
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)


def on_the_wall(window: ChangeWindow, moment: datetime) -> bool:
    """Whether a clock on the wall of the zone, and a calendar beside it, say that the window is open."""
    shown = moment.astimezone(ZoneInfo(window.zone)).strftime("%w %H:%M")
    weekday, clock = shown.split()
    days = {str((day + 1) % 7) for day in window.days}  # strftime begins the week on Sunday
    return weekday in days and f"{window.opens:%H:%M}" <= clock < f"{window.closes:%H:%M}"


def opening_by_minutes(window: ChangeWindow, moment: datetime) -> datetime:
    if on_the_wall(window, moment):
        return moment
    step = moment.replace(second=0, microsecond=0)
    while not on_the_wall(window, step) or step < moment:
        step += MINUTE
    return step


@st.composite
def windows(draw: st.DrawFn, until: int = 23) -> ChangeWindow:
    quarters = st.builds(time, st.integers(0, until), st.sampled_from([0, 15, 30, 45]))
    opens, closes = draw(st.lists(quarters, min_size=2, max_size=2, unique=True).map(sorted))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    zone = draw(st.sampled_from(["Europe/Oslo", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]))
    return ChangeWindow(days, opens, closes, zone)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
near_changes = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds),
    st.sampled_from([SPRING, AUTUMN]),
    st.integers(-90_000, 90_000),
)


@settings(deadline=None)
@given(window=windows(), moment=moments)
def test_the_next_opening_is_the_one_that_a_wall_clock_shows(window: ChangeWindow, moment: datetime) -> None:
    assert window.opening(moment) == opening_by_minutes(window, moment)


@settings(deadline=None)
@given(window=windows(until=4), moment=near_changes)
@example(ChangeWindow(frozenset({6}), time(2, 15), time(2, 45), "Europe/Oslo"), SPRING - timedelta(hours=3))
@example(ChangeWindow(frozenset({6}), time(2, 15), time(2, 45), "Europe/Oslo"), AUTUMN - timedelta(minutes=10))
def test_around_the_changes_of_the_clocks_too(window: ChangeWindow, moment: datetime) -> None:
    assert window.opening(moment) == opening_by_minutes(window, moment)


@settings(deadline=None)
@given(window=windows(until=4), moment=near_changes)
@example(ChangeWindow(frozenset(range(7)), time(0), time(2, 15), "Europe/Oslo"), AUTUMN)
def test_the_answer_is_the_same_in_whatever_zone_the_question_is_put(window: ChangeWindow, moment: datetime) -> None:
    assert window.opening(moment.astimezone(ZoneInfo(window.zone))) == window.opening(moment)


WEEK = ChangeWindow(frozenset({0, 1, 2, 3}), time(9), time(16), "Europe/Oslo")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-18 09:00", "2026-11-18 09:00"),  # a Wednesday
        ("2026-11-18 15:59", "2026-11-18 15:59"),
        ("2026-11-18 16:00", "2026-11-19 09:00"),
        ("2026-11-18 08:59", "2026-11-18 09:00"),
        ("2026-11-19 16:00", "2026-11-23 09:00"),  # over a long weekend
        ("2026-03-28 12:00", "2026-03-30 09:00"),  # an hour earlier by UTC than the Monday before
    ],
)
def test_a_window_is_open_from_its_first_minute_until_before_its_last(now: str, opens: str) -> None:
    local = [datetime.fromisoformat(text).replace(tzinfo=OSLO) for text in (now, opens)]
    assert WEEK.opening(local[0]).astimezone(UTC) == local[1].astimezone(UTC)


def test_what_the_clocks_jump_over_opens_when_they_have_jumped() -> None:
    window = ChangeWindow(frozenset({6}), time(2, 30), time(4), "Europe/Oslo")
    assert window.opening(SPRING - timedelta(hours=2)) == SPRING  # 03:00 on the wall


# --- As people write it --------------------------------------------------------------------------------


def reading(**raw: Any) -> ChangeWindow:
    given = {"days": ["mon", "sun"], "from": "09:00", "to": "16:30", "zone": "Europe/Oslo"}
    return read_change_window({**given, **raw}, default_zone="UTC")


def test_a_window_is_read_as_written_and_shown_in_words() -> None:
    window = reading()
    assert window == ChangeWindow(frozenset({0, 6}), time(9), time(16, 30), "Europe/Oslo")
    assert str(window) == "Mon, Sun 09:00 to 16:30 (Europe/Oslo)"


def test_without_days_it_is_the_working_week_and_without_zone_the_installation_s() -> None:
    window = read_change_window({"from": "09:00", "to": "16:00"}, default_zone="Asia/Tokyo")
    assert (window.days, window.zone) == (frozenset(range(5)), "Asia/Tokyo")
    assert WEEKDAYS[:5] == ("mon", "tue", "wed", "thu", "fri")


@pytest.mark.parametrize(
    "zone", ["", "Oslo", "Europe", "../../../etc/passwd", "/etc/passwd", "tzdata.zi", "CET\0", None, 540, ["UTC"]]
)
def test_a_zone_that_is_none_is_named_with_an_example(zone: Any) -> None:
    with pytest.raises(ValueError, match=r"no time zone .* write it like Europe/Oslo"):
        reading(zone=zone)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"from": 540}, "from must be a time in quotes"),
        ({"from": "9:00"}, "from must be a time in quotes"),
        ({"from": None}, "from must be a time in quotes"),
        ({"to": "24:00"}, "to must be a time in quotes"),
        ({"to": "16:00\n"}, "to must be a time in quotes"),
        ({"to": "09:00"}, "close later on the day"),
        ({"from": "22:00", "to": "04:00"}, "close later on the day"),
        ({"days": []}, "days must be a list"),
        ({"days": ["monday"]}, "days must be a list"),
        ({"days": "mon"}, "days must be a list"),
        ({"days": [["mon"]]}, "days must be a list"),
        ({"until": "17:00"}, "the keys days, from, to and zone"),
    ],
)
def test_what_is_wrong_is_named(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        reading(**raw)


def test_a_policy_with_a_bad_window_is_refused_as_a_policy() -> None:
    document = {"slots": [{"key": "risk", "role": "approver"}], "change_window": ["mon"]}
    with pytest.raises(Invalid, match="change_window: it has the keys") as refused:
        read_document(document, target_stage=Stage.PRODUCTION)
    assert refused.value.reason.code == "bad_policy"
