"""The calibration error: its bias by chance, and whether the interval of a difference holds what is true."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evidence.comparing.averages import averaged_groups
from evidence.comparing.binary import compare
from evidence.groups import Groups
from evidence.metrics.calibration import binning_bias, calibration_errors
from evidence.metrics.scored import scored

#: How scores are made of the true log-odds: slope and shift.
CALIBRATED, OVERSURE, SLANTED = (1.0, 0.0), (1.3, 0.1), (0.6, 0.6)


def drawn(random, rows, *models):
    """Truth, and the scores of models that differ in how calibrated they are."""
    odds = random.normal(-1, 1.2, rows)
    truth = random.random(rows) < 1 / (1 + np.exp(-odds))
    return truth, [1 / (1 + np.exp(-(slope * odds + shift))) for slope, shift in models]


def error_of(truth, score):
    model = scored(truth, score, 0.5)
    return float(calibration_errors(model, Groups.whole(len(truth)))[0])


@pytest.mark.parametrize(
    ("before", "after"), [(CALIBRATED, OVERSURE), (CALIBRATED, SLANTED), (SLANTED, OVERSURE)], ids=str
)
@pytest.mark.parametrize("rows", [300, 3000])
def test_the_interval_of_a_difference_holds_the_true_one_at_least_as_often_as_it_says(before, after, rows):
    random = np.random.default_rng(21)
    truth, (was, now) = drawn(random, 1_000_000, before, after)
    true = error_of(truth, now) - error_of(truth, was)
    covered = []
    for _ in range(250):
        truth, (was, now) = drawn(random, rows, before, after)
        groups = averaged_groups(scored(truth, was, 0.5), scored(truth, now, 0.5), "", Groups.whole(rows))
        interval = groups["calibration_error"][0].interval(0.95)
        covered.append(interval.low <= true <= interval.high)
    # Four standard deviations of 250 draws below the 95% it says.
    assert np.mean(covered) >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 250) + 0.02


def test_chance_alone_makes_a_calibrated_model_look_about_as_wrong_as_its_bias_says():
    random = np.random.default_rng(22)
    errors, biases = [], []
    for _ in range(200):
        truth, (score,) = drawn(random, 1000, CALIBRATED)
        errors.append(error_of(truth, score))
        biases.append(float(binning_bias(scored(truth, score, 0.5), Groups.whole(1000))[0]))
    # Part of the noise is taken for a true gap, so that the bias is estimated somewhat low.
    assert 0.65 * np.mean(errors) < np.mean(biases) < np.mean(errors)


def test_the_bias_is_that_of_the_folded_normal_distribution_in_each_bin():
    random = np.random.default_rng(23)
    truth, (score,) = drawn(random, 400, SLANTED)
    expected = 0.0
    for place in range(10):
        inside = np.minimum((score * 10).astype(int), 9) == place
        parts = np.where(inside, score - truth, 0.0)  # the bin's gap is the mean of these over all rows
        gap, deviation = parts.mean(), parts.std() / 20
        if deviation:
            distance = np.sqrt(max(gap**2 - deviation**2, 0.0))
            expected += stats.foldnorm.mean(distance / deviation, scale=deviation) - distance
    found = binning_bias(scored(truth, score, 0.5), Groups.whole(400))[0]
    assert found == pytest.approx(expected, rel=1e-9)


def test_equal_weights_leave_the_bias_as_it_is():
    truth, (score,) = drawn(np.random.default_rng(24), 300, OVERSURE)
    plain, heavy = (scored(truth, score, 0.5, weight) for weight in (None, np.full(300, 3.0)))
    whole = Groups.whole(300)
    assert binning_bias(plain, whole) == pytest.approx(binning_bias(heavy, whole), rel=1e-12)


def test_the_same_scores_have_exactly_the_same_error():
    truth, (score,) = drawn(np.random.default_rng(25), 300, OVERSURE)
    compared = compare(truth, score, score, baseline_threshold=0.5, candidate_threshold=0.5, segments={})
    measure = next(each for each in compared.measures if each.metric == "calibration_error")
    assert (measure.difference, measure.low, measure.high, measure.verdict) == (0, 0, 0, "same")
