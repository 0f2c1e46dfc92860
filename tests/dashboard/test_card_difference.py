"""The difference between two wordings: no line is lost or made up, and marked words are those that differ."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.pages.card_difference import Difference, difference_between

LINES = st.lists(st.sampled_from(["# A", "", "one two three four", "one two three five", "x", "a, b & c"]), max_size=12)


def told(difference: Difference, *changes: str) -> list[str]:
    lines = [line for line in difference.lines if line.change in changes]
    return ["".join(piece.text for piece in line.pieces) for line in lines]


@given(LINES, LINES)
def test_what_went_and_what_came_is_told_whole(before: list[str], after: list[str]) -> None:
    difference = difference_between("".join(f"{each}\n" for each in before), "".join(f"{each}\n" for each in after))
    gone, came = told(difference, "gone"), told(difference, "new")
    for line in {*before, *after}:
        assert after.count(line) - before.count(line) == came.count(line) - gone.count(line)
    assert (difference.added, difference.removed) == (len(came), len(gone))


def test_equal_texts_have_none() -> None:
    assert difference_between("a\nb", "a\nb") == Difference(())


def test_words_are_marked_where_lines_are_alike_and_nowhere_else() -> None:
    difference = difference_between("Fitted on one city only.\nOld.", "Fitted on two cities only.\nWholly other words.")
    marked = [[piece.text for piece in line.pieces if piece.marked] for line in difference.lines]
    assert marked == [["one", "city"], [], ["two", "cities"], []]
    assert [line.change for line in difference.lines] == ["gone", "gone", "new", "new"]


def test_unchanged_lines_in_between_are_left_out() -> None:
    before = [f"line {number}" for number in range(20)]
    after = ["LINE", *before[1:-1], "LINE"]
    assert told(difference_between("\n".join(before), "\n".join(after)), "same", "gap") == ["line 1", "…", "line 18"]


def test_very_long_texts_are_not_compared_and_said_to_differ() -> None:
    long = "x\n" * 1_501
    assert difference_between(long, "x").too_long
    assert not difference_between(long, long).too_long


@pytest.mark.parametrize("lines", [40, 1_400], ids=["words marked", "too many to mark"])
def test_no_texts_keep_a_reader_waiting(lines: int) -> None:
    before, after = ("\n".join(f"{a} {n % 7} " * 60 for n in range(lines)) for a in ("one", "two"))
    began = time.process_time()
    difference = difference_between(before, after)
    assert time.process_time() - began < 5
    assert (difference.added, difference.removed) == (lines, lines)
