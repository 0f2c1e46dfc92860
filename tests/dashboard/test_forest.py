"""Where intervals lie. Pixels are recomputed here from the rule: zero at 108, 27 pixels per unit."""

import re
from dataclasses import replace

import pytest

from dashboard import forest
from tests.dashboard.components import MEASURES, difference


def bar_ends(drawn: forest.Mark | None) -> tuple[float, float]:
    assert drawn is not None
    found = re.match(r"M([\d.]+) 12H([\d.]+)", drawn.bar)
    assert found is not None
    return float(found[1]), float(found[2])


def test_a_higher_auc_lies_right_of_zero_in_units_of_the_margin() -> None:
    drawn = forest.mark(MEASURES[0][0], forest.Axis(108, 27, 27), unit=0.005, direction="higher")
    assert bar_ends(drawn) == pytest.approx((108 + 27 * 2.2, 108 + 27 * 3.2), abs=0.1)


def test_a_lower_log_loss_lies_right_of_zero_too() -> None:
    drawn = forest.mark(MEASURES[1][0], forest.Axis(108, 27, 27), unit=0.01, direction="lower")
    assert bar_ends(drawn) == pytest.approx((108 + 27 * 1.9, 108 + 27 * 2.7), abs=0.1)


def test_the_band_narrows_until_every_interval_fits() -> None:
    wide = difference("auc", 0.05, 0.02, 0.08, "better")
    axis = forest.measure_axis([*MEASURES, (wide, 0.01)])
    assert axis.band == pytest.approx((108 - forest.EDGE) / 8)
    assert bar_ends(forest.mark(wide, axis, unit=0.01))[1] == pytest.approx(forest.WIDTH - forest.EDGE, abs=0.1)


def test_an_interval_too_wide_for_the_cell_ends_in_an_arrow_at_its_edge() -> None:
    huge = difference("auc", 0.0, -1.0, 1.0, "same")
    drawn = forest.mark(huge, forest.measure_axis([(huge, 0.001)]), unit=0.001)
    assert bar_ends(drawn) == (0, forest.WIDTH)
    assert drawn is not None
    assert drawn.bar.count("L") == 2


def test_a_point_beyond_the_edge_leaves_the_arrow_alone() -> None:
    far = difference("log_loss", 0.33, 0.126, 0.534, "worse")
    axis = forest.Axis(108, 6, 6)
    drawn = forest.mark(far, axis, unit=0.01, direction="lower")
    assert drawn is not None
    assert bar_ends(drawn) == pytest.approx((0, 108 - 6 * 12.6), abs=0.1)
    assert drawn.bar.count("L") == 1
    assert drawn.point == ""


@pytest.mark.parametrize("reach", [number / 7 for number in range(28, 112)])
def test_an_interval_that_just_fits_ends_without_an_arrow(reach: float) -> None:
    widest = difference("auc", 0.0, -reach, reach, "same")
    drawn = forest.mark(widest, forest.measure_axis([(widest, 1.0)]), unit=1.0)
    assert drawn is not None
    assert "L" not in drawn.bar


def test_a_difference_without_an_interval_is_not_drawn() -> None:
    few = replace(MEASURES[0][0], difference=None, low=None, high=None, verdict="too_small")
    assert forest.mark(few, forest.Axis(108, 27)) is None


def test_segments_share_one_axis_that_holds_every_interval_zero_and_the_limit() -> None:
    rows = [
        difference("recall", -0.047, -0.073, -0.022, "worse"),
        difference("recall", 0.0, -0.02, 0.03, "same"),
    ]
    axis = forest.segment_axis(rows, limit=0.1)
    assert all(axis.reaches(end) for row in rows for end in (row.low, row.high) if end is not None)
    assert axis.limit == pytest.approx(axis.zero - 0.1 * axis.scale, abs=0.2)
    assert axis.limit is not None
    assert axis.limit >= forest.EDGE
    assert any(tick.value == pytest.approx(0) for tick in axis.ticks)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.01, 0.02, "better side"), (-0.02, -0.01, "worse side"), (-0.01, 0.01, "crosses zero")],
)
def test_the_drawing_says_in_words_where_the_interval_lies(low: float, high: float, words: str) -> None:
    drawn = forest.mark(difference("auc", 0.0, low, high, "same"), forest.Axis(108, 27), unit=0.01)
    assert drawn is not None
    assert words in drawn.words


def test_segments_that_do_not_differ_at_all_still_have_an_axis() -> None:
    axis = forest.segment_axis([difference("recall", 0.0, 0.0, 0.0, "same", column="age", value="any")])
    assert axis.reaches(0.0)
    assert len(axis.ticks) == 2


def test_rows_without_a_band_are_as_long_as_each_other_and_as_far_from_zero_as_they_are_sure() -> None:
    small, large = difference("f1", 0.017, 0.006, 0.028, "better"), difference("mae", -5.0, -7.5, -2.5, "better")
    ends = [
        bar_ends(forest.mark(each, forest.lone_axis(each), direction=direction))
        for each, direction in ((small, "higher"), (large, "lower"))
    ]
    assert [right - left for left, right in ends] == pytest.approx([54, 54], abs=0.2)
    assert [(left + right) / 2 - 108 for left, right in ends] == pytest.approx([27 * 17 / 11, 27 * 2], abs=0.2)
