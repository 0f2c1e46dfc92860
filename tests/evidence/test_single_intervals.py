"""Intervals of one version's own figures, against SciPy."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from evidence.single_intervals import further_rows, mean_interval, share_interval


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 30), (29, 30), (812, 1000), (3, 5)])
@pytest.mark.parametrize("level", [0.95, 0.999])
def test_a_share_s_interval_is_wilson_s(right: int, n: int, level: float) -> None:
    expected = stats.binomtest(right, n).proportion_ci(confidence_level=level, method="wilson")
    assert share_interval(right / n, n, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("n", [2, 3, 10, 400])
def test_a_mean_s_interval_is_student_s(n: int) -> None:
    values = np.random.default_rng(n).normal(3, 2, n)
    expected = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx(expected, rel=2e-3)


def test_one_value_has_no_interval() -> None:
    with pytest.raises(ValueError, match="1 values have no interval"):
        mean_interval(np.array([1.0]))


@pytest.mark.parametrize(("half_width", "distance"), [(0.4, 0.1), (0.5, 0.3), (0.11, 0.1)])
def test_the_rows_asked_for_bring_the_half_width_to_the_distance(half_width: float, distance: float) -> None:
    more = further_rows(100, half_width=half_width, distance=distance)
    assert more is not None
    assert half_width * sqrt(100 / (100 + more)) <= distance + 1e-12
    assert half_width * sqrt(100 / (100 + more - 1)) > distance


@pytest.mark.parametrize("distance", [0.0, -0.1, 1e-9])
def test_a_value_on_the_limit_is_settled_by_no_number_of_rows(distance: float) -> None:
    assert further_rows(100, half_width=0.5, distance=distance) is None
