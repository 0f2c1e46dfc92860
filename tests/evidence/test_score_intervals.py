"""Score intervals of separate groups: published examples, formulas written out, and how often they hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evidence.score_intervals import share_differences, share_ratios, wilson

SAMPLES = 4000


def drawn(share, rows, seed):
    return wilson(np.random.default_rng(seed).binomial(rows, share, SAMPLES) / rows, np.full(SAMPLES, rows))


@pytest.mark.parametrize(("yes", "rows"), [(0, 30), (1, 30), (81, 263), (30, 30)])
def test_wilsons_interval_is_that_of_scipy(yes, rows):
    expected = stats.binomtest(yes, rows).proportion_ci(method="wilson")
    found = wilson(np.array(yes / rows), np.array(rows))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        # Newcombe (1998), table II, method 10, contrasts (a) to (h) of those with whole figures.
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0000)),
    ],
)
def test_differences_are_those_that_newcombe_published(above, below, expected):
    shares = [wilson(np.array(yes / rows), np.array(rows)) for yes, rows in (above, below)]
    assert [float(end) for end in share_differences(*shares)] == pytest.approx(expected, abs=5e-5)


def test_ratios_are_donner_and_zous_equation():
    above, below = wilson(np.array(0.2), np.array(100)), wilson(np.array(0.5), np.array(80))
    product = 0.2 * 0.5
    first = product**2 - above.low * below.high * (0.4 - above.low) * (1 - below.high)
    second = product**2 - above.high * below.low * (0.4 - above.high) * (1 - below.low)
    low = (product - np.sqrt(first)) / (below.high * (1 - below.high))
    high = (product + np.sqrt(second)) / (below.low * (1 - below.low))
    assert [float(end) for end in share_ratios(above, below)] == pytest.approx([low, high])


def test_a_share_of_nothing_leaves_a_ratio_open_at_one_end_and_never_without_a_number():
    none, some = wilson(np.array(0.0), np.array(50)), wilson(np.array(0.4), np.array(50))
    low, high = share_ratios(none, some)
    assert low == 0 < high < 1
    low, high = share_ratios(some, none)
    assert low > 1
    assert high == np.inf
    assert [float(end) for end in share_ratios(none, none)] == [0, np.inf]


@pytest.mark.parametrize(("above", "below", "rows"), [(0.3, 0.2, 100), (0.06, 0.05, 400), (0.9, 0.75, 60)])
def test_intervals_of_a_pair_hold_as_often_as_they_say(above, below, rows):
    first, second = drawn(above, rows, 1), drawn(below, rows // 2 * 3, 2)
    for ends, true in ((share_differences(first, second), above - below), (share_ratios(first, second), above / below)):
        covered = np.mean((ends[0] <= true) & (true <= ends[1]))
        # Counts are whole numbers, so coverage moves in steps; 4 standard deviations of 4,000 draws are 1.4 points.
        assert 0.935 <= covered <= 0.97
