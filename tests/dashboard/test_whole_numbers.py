from typing import Any

import pytest

from dashboard.whole_numbers import LARGEST_KEY, whole_number
from tests import factories
from tests.dashboard.browsing import page_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("17", 17),
        ("007", 7),
        (str(LARGEST_KEY), LARGEST_KEY),
        (str(LARGEST_KEY + 1), None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        (" 1", None),
        ("1.0", None),
        ("\N{SUPERSCRIPT TWO}", None),
        ("\N{ARABIC-INDIC DIGIT TWO}", None),
    ],
)
def test_a_number_is_what_its_digits_write_and_nothing_else_is_one(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_a_number_is_no_larger_than_asked_for() -> None:
    assert (whole_number("999", largest=999), whole_number("1000", largest=999)) == (999, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/models/loan/?after={}",
        "/models/loan/?terms_before={}",
        "/models/loan/cases/?version={}",
        "/exceptions/?before={}",
    ],
)
def test_thousands_of_digits_in_an_address_show_the_page_without_them(address: str) -> None:
    people: Any = factories.personas()
    factories.model_named("loan")
    page_of(people.riley, address.format("9" * 5000))
