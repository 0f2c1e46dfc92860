"""Days and moments as people write them."""

from datetime import UTC, datetime

import pytest

from audit.periods import moment_from


def test_a_day_is_its_first_moment_and_as_an_end_the_next_days():
    assert moment_from("2026-11-20") == datetime(2026, 11, 20, tzinfo=UTC)
    assert moment_from("2026-11-20", as_end=True) == datetime(2026, 11, 21, tzinfo=UTC)


def test_a_day_is_that_of_the_installations_time_zone(settings):
    settings.TIME_ZONE = "Europe/Oslo"
    assert moment_from("2026-07-01") == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_a_moment_keeps_its_offset_as_start_and_as_end():
    for as_end in (False, True):
        assert moment_from("2026-11-20T14:30:00+01:00", as_end=as_end) == datetime(2026, 11, 20, 13, 30, tzinfo=UTC)


def test_no_text_is_no_moment():
    assert moment_from("") is None


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "2026-13-01", "20261120T", "9999-12-31 as end"])
def test_other_text_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="2026-11-21"):
        moment_from(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31", "0001-01-01"])
def test_a_moment_that_no_clock_shows_somewhere_is_refused(text):
    with pytest.raises(ValueError, match="neither"):
        moment_from(text)


def test_the_last_day_there_is_has_no_day_after():
    with pytest.raises(ValueError, match="neither"):
        moment_from("9999-12-31", as_end=True)
