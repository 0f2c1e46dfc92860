from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from evidence.metrics import metrics_of
from evidence.metrics.regression import error_sizes, measure

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


@given(ROWS)
def test_so_many_rows_are_off_by_at_most_so_much(rows):
    truth, prediction = split(rows)
    sizes = error_sizes(truth, prediction)
    off = np.abs(prediction - truth)
    for share, within in zip(sizes["share"], sizes["within"], strict=True):
        assert (off <= within).mean() >= share - 1e-9
        assert within in off
    assert sizes["within"][-1] == off.max()
