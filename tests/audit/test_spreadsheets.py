"""CSV for spreadsheets: nothing in a cell runs, and what was written can be had back."""

import csv
import io
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit.spreadsheets import as_written, csv_lines, neutralised

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "\uff1d1",
    "=cmd|' /C calc'!A0",
]


def starts_a_formula(cell: str) -> bool:
    """What a spreadsheet would take for a formula, told apart without the code under test: its first character
    that is neither space, control nor without width, in its plain form."""
    if cell[:1] in {"\t", "\r", "\n"}:
        return True
    for character in cell:
        if character.isspace() or unicodedata.category(character) in {"Cc", "Cf"}:
            continue
        return unicodedata.normalize("NFKC", character)[0] in "=+-@"
    return False


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    assert neutralised(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "loan", "1-2", "a=b", "dana@example.org", '{"a": -1}', "–3", "2026-11-21"])
def test_other_texts_stay_as_they_are(text):
    assert neutralised(text) == text


@pytest.mark.parametrize("number", [-5, 0, 3.25, -0.5, None])
def test_numbers_stay_numbers(number):
    assert neutralised(number) is number


def test_a_line_has_commas_quotes_where_needed_and_crlf():
    assert list(csv_lines([["a,b", 'say "x"', -2, None, "=1"]])) == ['"a,b","say ""x""",-2,,\'=1\r\n']


# The alphabet is thick with what matters; the rest is any text.
texts = st.text(st.sampled_from("=+-@'\t\r\n \"',;a1\ufeff\u200b\u00a0\uff1d\uff0d")) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
)


@given(st.lists(texts, min_size=1, max_size=6))
@example(["'=1"])
@example(["\x7f="])
def test_what_was_written_comes_back_and_no_cell_is_a_formula(written):
    [cells] = csv.reader(io.StringIO("".join(csv_lines([[*written, "end"]])), newline=""))
    assert [as_written(cell) for cell in cells] == [*written, "end"]
    assert [cell for cell in cells if starts_a_formula(cell)] == []
