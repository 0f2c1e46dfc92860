from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from evidence.curves.binary import roc_curve
from evidence.metrics import metrics_of
from evidence.metrics.binary import PROBABILITY_FLOOR, measure

# Few distinct scores, so that ties are the rule; both ends, so that clipping matters.
SCORES = st.sampled_from([0.0, 1e-12, 0.1, 0.25, 0.5, 0.5000001, 0.75, 0.9, 1.0])
ROWS = st.lists(st.tuples(st.booleans(), SCORES), min_size=1, max_size=60)
THRESHOLDS = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


def split(rows):
    truth, score = zip(*rows, strict=True)
    return np.array(truth, dtype=bool), np.array(score, dtype=float)


def measured(truth, score, threshold=0.5):
    return {value.metric: value for value in measure(truth, score, threshold)}


def brute_force_auc(truth, score):
    pairs = [(a > b) + (a == b) / 2 for a in score[truth] for b in score[~truth]]
    return sum(pairs) / len(pairs)


@settings(deadline=None)  # scikit-learn warms up in the first example
@given(ROWS, THRESHOLDS)
def test_metrics_equal_those_of_scikit_learn(rows, threshold):
    truth, score = split(rows)
    values = measured(truth, score, threshold)
    decided = score >= threshold

    assert values["accuracy"].value == pytest.approx(sklearn_metrics.accuracy_score(truth, decided), abs=1e-9)
    expected = sklearn_metrics.log_loss(truth, score, labels=[False, True])
    assert values["log_loss"].value == pytest.approx(expected, abs=1e-9)
    assert values["brier"].value == pytest.approx(((score - truth) ** 2).mean(), abs=1e-9)
    if decided.any():
        expected = sklearn_metrics.precision_score(truth, decided)
        assert values["precision"].value == pytest.approx(expected, abs=1e-9)
    if truth.any():
        assert values["f1"].value == pytest.approx(sklearn_metrics.f1_score(truth, decided), abs=1e-9)
        assert values["recall"].value == pytest.approx(sklearn_metrics.recall_score(truth, decided), abs=1e-9)
    if 0 < truth.sum() < len(truth):
        assert values["auc"].value == pytest.approx(sklearn_metrics.roc_auc_score(truth, score), abs=1e-9)
        assert values["auc"].value == pytest.approx(brute_force_auc(truth, score), abs=1e-9)
        expected = sklearn_metrics.average_precision_score(truth, score)
        assert values["average_precision"].value == pytest.approx(expected, abs=1e-9)


def test_every_measured_metric_is_registered_in_the_order_shown():
    assert [value.metric for value in measure(np.array([True]), np.array([0.5]), 0.5)] == [
        metric.key for metric in metrics_of("binary")
    ]


def test_a_score_equal_to_the_threshold_is_decided_yes():
    assert measured(np.array([True]), np.array([0.5]), threshold=0.5)["recall"].value == 1.0


def test_each_metric_counts_the_rows_it_rests_on():
    values = measured(np.array([True, False, False]), np.array([0.9, 0.2, 0.6]))
    counted = {metric: value.n for metric, value in values.items()}
    assert counted.pop("recall") == 1  # positive rows
    assert counted.pop("precision") == 2  # rows decided yes
    assert set(counted.values()) == {3}


def brute_force_calibration_error(truth, score):
    """Bins by their edges, one after the other."""
    gaps = 0.0
    for place in range(10):
        inside = (score >= place / 10) & ((score < (place + 1) / 10) | (place == 9))
        if inside.any():
            gaps += inside.mean() * abs(score[inside].mean() - truth[inside].mean())
    return gaps


def test_calibration_error_is_the_mean_gap_of_ten_bins_weighted_by_their_rows():
    random = np.random.default_rng(9)
    truth, score = random.random(500) < 0.4, random.random(500)
    assert measured(truth, score)["calibration_error"].value == pytest.approx(
        brute_force_calibration_error(truth, score)
    )
    assert measured(np.array([True, False]), np.array([1.0, 0.0]))["calibration_error"].value == 0


def test_nothing_decided_yes_leaves_precision_undefined_and_says_why():
    values = measured(np.array([True, False]), np.array([0.1, 0.2]))
    assert (values["precision"].value, values["precision"].reason) == (None, "none of 2 rows is decided yes")
    assert values["f1"].value == 0
    empty = measured(np.array([False, False]), np.array([0.1, 0.2]))["f1"]
    assert (empty.value, empty.reason) == (None, "no positive and none decided yes among 2 rows")


def test_a_certain_score_that_is_wrong_costs_a_finite_log_loss():
    value = measured(np.array([True]), np.array([0.0]))["log_loss"].value
    assert value == pytest.approx(-np.log(PROBABILITY_FLOOR))


def test_one_class_leaves_auc_undefined_and_says_why():
    values = measured(np.zeros(40, dtype=bool), np.linspace(0, 1, 40))
    assert (values["auc"].value, values["auc"].reason) == (None, "only one class among 40 rows")
    assert (values["recall"].value, values["recall"].reason) == (None, "no positive among 40 rows")
    assert values["accuracy"].value == 0.5


def test_no_rows_leave_everything_undefined():
    values = measure(np.array([], dtype=bool), np.array([]), 0.5)
    assert all(value.value is None and value.reason for value in values)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_is_refused_by_row(broken):
    with pytest.raises(ValueError, match="row 1 has a score"):
        measure(np.array([True, False]), np.array([0.5, broken]), 0.5)


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        measure(np.array([True]), np.array([0.5, 0.5]), 0.5)


@given(ROWS.filter(lambda rows: len({truth for truth, _ in rows}) == 2))
def test_roc_curve_has_the_corners_and_area_of_scikit_learn(rows):
    truth, score = split(rows)
    curve = roc_curve(truth, score)
    fpr, tpr, _ = sklearn_metrics.roc_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(curve["fpr"], fpr, atol=1e-12)
    np.testing.assert_allclose(curve["tpr"], tpr, atol=1e-12)
    area = np.trapezoid(curve["tpr"], curve["fpr"])
    assert area == pytest.approx(measured(truth, score)["auc"].value, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_thinned_roc_curve_keeps_both_ends_and_only_true_corners(seed, points):
    random = np.random.default_rng(seed)
    truth = random.random(300) < 0.3
    truth[:2] = [True, False]
    score = np.clip(random.normal(truth * 0.2 + 0.4, 0.2), 0, 1)
    curve = roc_curve(truth, score, points)
    corners = list(zip(curve["fpr"], curve["tpr"], strict=True))
    exact = roc_curve(truth, score, points=1000)

    assert 2 <= len(corners) <= points
    assert (corners[0], corners[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert set(corners) <= set(zip(exact["fpr"], exact["tpr"], strict=True))
    assert np.all(np.diff(curve["fpr"]) >= 0)
    assert np.all(np.diff(curve["tpr"]) >= 0)


def test_thinned_roc_curve_of_101_points_hardly_loses_area():
    random = np.random.default_rng(5)
    truth = random.random(20_000) < 0.2
    score = 1 / (1 + np.exp(-random.normal(truth * 1.5, 1)))
    curve = roc_curve(truth, score)
    area = np.trapezoid(curve["tpr"], curve["fpr"])
    assert area == pytest.approx(sklearn_metrics.roc_auc_score(truth, score), abs=1e-3)


def test_one_class_has_no_roc_curve():
    assert roc_curve(np.array([True, True]), np.array([0.1, 0.9]))["fpr"].size == 0


def test_an_auc_has_no_interval_where_one_class_has_a_single_row():
    truth, score = np.arange(200) == 7, np.random.default_rng(4).random(200)
    for metric in ("auc", "average_precision"):
        for label in (truth, ~truth):
            value = measured(label, score)[metric]
            assert value.value is not None
            assert (value.low, value.high, value.method) == (None, None, "")


@pytest.mark.parametrize("positives", [2, 3, 5])
def test_the_interval_of_an_auc_is_wide_where_a_class_is_rare(positives):
    """Normal quantiles would hold the true one in 62, 74 and 82 of 100."""
    generator, held, rounds = np.random.default_rng(11), 0, 600
    truth = np.arange(300) < positives
    true_auc = stats.norm.cdf(1 / np.sqrt(2))
    for _ in range(rounds):
        auc = measured(truth, stats.norm.cdf(generator.normal(size=300) + truth))["auc"]
        # None: the rows show no variation, so nothing false is said.
        held += auc.low is None or auc.low <= true_auc <= auc.high
    assert held / rounds > 0.88


def test_a_mean_that_is_never_below_zero_has_an_interval_that_is_not_either():
    values = measured(np.array([True, False, True]), np.array([0.9, 0.1, 0.2]))
    assert values["log_loss"].low == values["brier"].low == 0
