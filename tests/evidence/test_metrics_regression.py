from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from evidence.groups import Groups
from evidence.metrics import metrics_of
from evidence.metrics.regression import measure, measure_groups
from tests.evidence.paired_bootstrap import assert_agrees, bootstrapped

NUMBERS = st.floats(-1e4, 1e4).map(lambda value: round(value, 3))
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=50)


def split(rows):
    truth, prediction = zip(*rows, strict=True)
    return np.array(truth), np.array(prediction)


def measured(truth, prediction):
    return {value.metric: value for value in measure(np.array(truth, float), np.array(prediction, float))}


@given(ROWS)
def test_errors_in_the_targets_unit_equal_those_of_scikit_learn(rows):
    truth, prediction = split(rows)
    values = measured(truth, prediction)
    assert values["mae"].value == pytest.approx(sklearn_metrics.mean_absolute_error(truth, prediction))
    assert values["rmse"].value == pytest.approx(sklearn_metrics.root_mean_squared_error(truth, prediction))
    if np.ptp(truth) > 0:
        assert values["r2"].value == pytest.approx(sklearn_metrics.r2_score(truth, prediction), rel=1e-6, abs=1e-9)
    else:
        assert values["r2"].value is None
        assert values["r2"].reason == f"all {len(truth)} targets are equal"


@given(ROWS)
def test_errors_as_shares_equal_those_of_scikit_learn_or_say_why_there_are_none(rows):
    truth, prediction = split(rows)
    values = measured(truth, prediction)
    zeros = int((truth == 0).sum())
    if zeros:
        for metric in ("mape", "rmspe"):
            assert values[metric].value is None
            assert values[metric].reason == f"the target is 0 in {zeros} of {len(truth)} rows"
        return
    expected = sklearn_metrics.mean_absolute_percentage_error(truth, prediction)
    assert values["mape"].value == pytest.approx(expected)
    ones = np.ones(len(truth))
    expected = sklearn_metrics.root_mean_squared_error(ones, prediction / truth)
    assert values["rmspe"].value == pytest.approx(expected)


def test_predicting_too_much_is_an_error_above_zero():
    assert measured([10, 20], [11, 23])["mean_signed_error"].value == 2.0
    assert measured([10, 20], [9, 17])["mean_signed_error"].value == -2.0


def test_errors_of_both_signs_cancel_in_the_mean_signed_error_only():
    values = measured([10, 20], [13, 17])
    assert values["mean_signed_error"].value == 0
    assert values["mae"].value == values["rmse"].value == 3


def test_every_measured_metric_is_registered_in_the_order_shown():
    assert list(measured([1.0], [2.0])) == [metric.key for metric in metrics_of("regression")]


def test_no_rows_leave_everything_undefined():
    assert all(value.value is None and value.reason for value in measured([], []).values())


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_is_refused(broken):
    with pytest.raises(ValueError, match="not a finite number"):
        measured([1.0, 2.0], [1.0, broken])


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        measured([1.0], [1.0, 2.0])


WEIGHTED = st.lists(
    st.tuples(NUMBERS, NUMBERS, st.sampled_from([0.25, 1.0, 3.5]), st.sampled_from("abc")), min_size=1, max_size=60
)


def same(one, other, within):
    return one == other if other is None else one == pytest.approx(other, rel=within, abs=within)


def by_scikit_learn(truth, prediction, weight):
    """Every metric with a value, computed elsewhere."""
    off = sklearn_metrics.mean_absolute_error, sklearn_metrics.root_mean_squared_error
    found = {
        name: metric(truth, prediction, sample_weight=weight) for name, metric in zip(("mae", "rmse"), off, strict=True)
    }
    found["mean_signed_error"] = np.average(prediction - truth, weights=weight)
    if (truth != 0).all():
        found["mape"] = sklearn_metrics.mean_absolute_percentage_error(truth, prediction, sample_weight=weight)
        share = prediction / truth
        found["rmspe"] = sklearn_metrics.root_mean_squared_error(np.ones_like(share), share, sample_weight=weight)
    if np.ptp(truth) > 0:
        found["r2"] = sklearn_metrics.r2_score(truth, prediction, sample_weight=weight)
    return found


@given(WEIGHTED)
def test_weighted_metrics_of_every_segment_equal_those_of_scikit_learn(rows):
    truth, prediction, weight, group = map(np.array, zip(*rows, strict=True))
    for name, values in measure_groups(truth, prediction, Groups.of(group), weight=weight):
        inside = group == name
        expected = by_scikit_learn(truth[inside], prediction[inside], weight[inside])
        for value in values:
            assert same(value.value, expected.get(value.metric), 1e-9), value.metric
            assert value.n == inside.sum()
            assert (value.value is None) == bool(value.reason)


@given(WEIGHTED)
def test_a_segment_is_measured_as_if_its_rows_were_all_there_are(rows):
    truth, prediction, weight, group = map(np.array, zip(*rows, strict=True))
    for name, values in measure_groups(truth, prediction, Groups.of(group), weight=weight):
        inside = group == name
        alone = measure(truth[inside], prediction[inside], weight=weight[inside])
        for value, other in zip(values, alone, strict=True):
            assert (value.metric, value.n, value.reason) == (other.metric, other.n, other.reason)
            for end in ("value", "low", "high"):
                assert same(getattr(value, end), getattr(other, end), 1e-6)


def test_own_intervals_agree_with_a_bootstrap_over_rows():
    random = np.random.default_rng(3)
    truth = random.gamma(5, 30, 600) + 20
    prediction = truth * np.exp(random.normal(0.05, 0.2, 600))
    weight = random.choice([0.5, 1.0, 2.0], 600)
    draws = bootstrapped(
        lambda rows: [value.value for value in measure(truth[rows], prediction[rows], weight=weight[rows])], 600
    )
    for place, value in enumerate(measure(truth, prediction, weight=weight)):
        assert_agrees(value, draws[:, place])
        assert value.method == "delta method"


def test_a_mean_of_rows_that_count_alike_has_students_interval():
    truth, prediction = np.arange(1.0, 21), np.arange(1.0, 21) + np.tile([1.0, 3.0], 10)
    mae = measured(truth, prediction)["mae"]
    assert (mae.low, mae.high) == pytest.approx(stats.t.interval(0.95, 19, 2, stats.sem(prediction - truth)), rel=1e-4)
    assert mae.method == "Student t"


def test_a_single_row_has_values_and_no_interval():
    assert {(value.low, value.high) for value in measured([1.0], [2.0]).values()} == {(None, None)}


@pytest.mark.parametrize("weight", [[1.0, 0.0], [1.0, np.nan], [1.0]])
def test_a_weight_that_is_no_number_above_zero_is_refused(weight):
    with pytest.raises(ValueError, match="weight"):
        measure(np.array([1.0, 2.0]), np.array([1.0, 2.0]), weight=np.array(weight))
