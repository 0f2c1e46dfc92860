"""Where a value and its interval are drawn."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.forest import EDGE, WIDTH
from dashboard.whiskers import Whisker, whisker_axis, whisker_mark

VALUES = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@given(st.lists(st.tuples(VALUES, VALUES, VALUES).map(sorted), min_size=1, max_size=8), VALUES)
def test_everything_lies_inside_the_cell_and_in_its_order(ends: list[list[float]], line: float) -> None:
    axis = whisker_axis([Whisker(middle, low, high) for low, middle, high in ends], line=line)
    assert axis.limit is not None and EDGE <= axis.limit <= WIDTH - EDGE
    for low, middle, high in ends:
        assert axis.reaches(low) and axis.reaches(high)
        assert axis.place(low) <= axis.place(middle) <= axis.place(high)
    assert 2 <= len(axis.ticks) <= 6


def test_a_value_without_an_interval_is_not_drawn() -> None:
    bare = Whisker(0.8, None, None)
    assert whisker_mark(bare, whisker_axis([bare])) is None


def test_no_value_at_all_still_has_an_axis() -> None:
    assert len(whisker_axis([]).ticks) >= 2
