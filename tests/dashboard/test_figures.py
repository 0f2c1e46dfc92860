import pytest

from dashboard import figures

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.8841, "", "0.884"),
        (0.8131, "share", "81.31%"),
        (-0.0471, "", f"{MINUS}0.047"),
        (-0.0001, "", "0.000"),
        (23.4567, "", "23.46"),
        (178.84, "", "178.8"),
        (12480.4, "", "12,480"),
        (41.4, "ms", "41 ms"),
        (None, "", "not defined"),
    ],
)
def test_a_value_is_shown_in_its_unit(value: float | None, unit: str, shown: str) -> None:
    assert figures.figure(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.013, "", "+0.013"),
        (-0.023, "", f"{MINUS}0.023"),
        (0.0022, "share", "+0.22 pts"),
        (0.00001, "share", "0.00 pts"),
        (2.0, "ms", "+2.0 ms"),
    ],
)
def test_a_difference_carries_its_sign_and_shares_differ_in_points(value: float, unit: str, shown: str) -> None:
    assert figures.difference(value, unit) == shown


def test_an_interval_is_in_the_unit_of_its_difference() -> None:
    assert figures.interval(-0.0005, 0.005, "share") == f"{MINUS}0.05 to +0.50"
    assert figures.interval(0.011, 0.016) == "+0.011 to +0.016"


def test_a_difference_without_an_interval_shows_none() -> None:
    assert figures.interval(None, None) == ""


def test_a_count_has_separators_and_a_true_minus_sign() -> None:
    assert figures.number(12480, 0) == "12,480"
    assert figures.number(-1234.5, 1) == f"{MINUS}1,234.5"


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (51_600_000, "51.6 MB")]
)
def test_a_file_size_is_in_decimal_units(size: int, shown: str) -> None:
    assert figures.file_size(size) == shown


def test_a_digest_keeps_its_first_and_last_four_characters() -> None:
    digest = "sha256:9f2c" + "0" * 56 + "e41b"
    assert figures.short_digest(digest) == "sha256:9f2c\N{HORIZONTAL ELLIPSIS}e41b"
    assert figures.short_digest("a41c9e7") == "a41c9e7"
