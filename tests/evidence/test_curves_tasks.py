"""What is kept to be drawn of models that tell classes apart or predict numbers, against counts made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from evidence.curves import multiclass, regression
from evidence.curves.regression import error_sizes, residual_histogram, residuals_by_prediction

NUMBERS = st.floats(-1e4, 1e4).map(lambda value: round(value, 3))
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=50)


def columns(rows):
    return (np.array(column) for column in zip(*rows, strict=True))


def sorted_rows(rows=500, count=4, seed=0):
    random = np.random.default_rng(seed)
    truth = random.integers(0, count, rows)
    scores = np.exp(random.normal(size=(rows, count)) + 1.5 * (np.arange(count) == truth[:, None]))
    return truth, scores / scores.sum(axis=1, keepdims=True), tuple(f"class {place}" for place in range(count))


def fares(rows=2000, seed=0):
    random = np.random.default_rng(seed)
    truth = random.gamma(5, 30, rows) + 20
    return truth, truth + random.standard_t(3, rows) * 20


@given(ROWS)
def test_so_many_rows_are_off_by_at_most_so_much(rows):
    truth, prediction = columns(rows)
    sizes = error_sizes(truth, prediction)
    off = np.abs(prediction - truth)
    for share, within in zip(sizes["share"], sizes["within"], strict=True):
        assert (off <= within).mean() >= share - 1e-9
        assert within in off
    assert sizes["within"][-1] == off.max()


@given(ROWS)
def test_a_residual_histogram_counts_every_row_once(rows):
    truth, prediction = columns(rows)
    found = residual_histogram(prediction - truth)
    assert sum(found["n"]) == len(rows)
    assert len(found["edges"]) == len(found["n"]) + 1


def test_far_outliers_are_counted_in_the_outermost_bins():
    truth, prediction = fares()
    prediction[:3] = truth[:3] + 1e6
    found = residual_histogram(prediction - truth)
    assert found["edges"][-1] < 1e3
    inside = prediction - truth < found["edges"][-2]
    assert found["n"][-1] == (~inside).sum() >= 3


def test_residuals_stand_by_tenth_of_the_predictions_with_their_intervals():
    truth, prediction = fares()
    found = residuals_by_prediction(truth, prediction)
    lowest = np.sort(prediction)[199]
    residual = (prediction - truth)[prediction <= lowest]
    assert found["n"] == [200] * 10
    assert found["residual"][0] == pytest.approx(residual.mean(), rel=1e-5)
    expected = stats.t.interval(0.95, 199, residual.mean(), stats.sem(residual))
    assert (found["low"][0], found["high"][0]) == pytest.approx(expected, rel=1e-4)


@given(ROWS)
def test_tenths_hold_every_row_once_however_many_predictions_are_equal(rows):
    truth, prediction = columns(rows)
    found = residuals_by_prediction(truth, np.round(prediction / 5000))
    assert sum(found["n"]) == len(rows)
    assert found["prediction"] == sorted(set(found["prediction"]))
    assert [low is None for low in found["low"]] == [n < 2 for n in found["n"]]


def test_a_confusion_matrix_is_that_of_scikit_learn():
    truth, scores, names = sorted_rows()
    found = multiclass.curves(truth, scores, names)["confusion"]
    assert found["rows"] == sklearn_metrics.confusion_matrix(truth, scores.argmax(axis=1)).tolist()
    assert (found["classes"], found["folded"]) == (list(names), 0)


def test_rare_classes_of_many_are_counted_together():
    random = np.random.default_rng(1)
    truth = np.concatenate([np.repeat(np.arange(10, 45), 20), np.arange(10)])
    decided = random.permutation(truth)
    names = tuple(f"class {place}" for place in range(45))
    found = multiclass.confusion(truth, decided, names)
    assert (len(found["classes"]), len(found["rows"]), found["folded"]) == (30, 31, 15)
    assert found["classes"] == list(names[10:40])
    assert np.sum(found["rows"]) == len(truth)
    rare = (truth < 10) | (truth >= 40)
    assert sum(found["rows"][-1]) == rare.sum()
    assert found["rows"][0][1] == ((truth == 10) & (decided == 11)).sum()


def test_recall_by_class_stands_worst_first_with_wilsons_interval():
    truth, scores, names = sorted_rows()
    found = multiclass.curves(truth, scores, names)["recall"]
    recalls = sklearn_metrics.recall_score(truth, scores.argmax(axis=1), average=None)
    worst = int(np.argmin(recalls))
    assert found["classes"][0] == names[worst]
    assert found["recall"] == sorted(found["recall"])
    right = int(((truth == worst) & (scores.argmax(axis=1) == worst)).sum())
    expected = stats.binomtest(right, int((truth == worst).sum())).proportion_ci(method="wilson")
    assert (found["low"][0], found["high"][0]) == pytest.approx((expected.low, expected.high), rel=1e-5)


def test_calibration_sets_the_likeliest_class_against_how_often_it_is_true():
    truth, scores, names = sorted_rows()
    found = multiclass.curves(truth, scores, names)["calibration"]
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    inside = (confidence >= 0.6) & (confidence < 0.7)
    place = int(np.argmin(np.abs(np.array(found["score"]) - 0.65)))
    assert found["score"][place] == pytest.approx(confidence[inside].mean(), rel=1e-5)
    assert found["observed"][place] == pytest.approx(right[inside].mean(), rel=1e-5)
    assert (found["n"][place], sum(found["n"])) == (inside.sum(), len(truth))


def test_classes_alone_have_no_calibration():
    truth, scores, names = sorted_rows()
    assert set(multiclass.curves(truth, scores.argmax(axis=1).astype(float), names)) == {"confusion", "recall"}


@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_kept_is_small_and_plain_json(weighted):
    truth, scores, names = sorted_rows(rows=2000)
    targets, predicted = fares()
    weight = np.tile([0.5, 2.0], 1000) if weighted else None
    for kept in (multiclass.curves(truth, scores, names, weight), regression.curves(targets, predicted, weight)):
        assert len(json.dumps(kept, allow_nan=False)) < 5_000


def test_no_rows_keep_nothing_to_draw():
    empty = np.array([])
    assert json.dumps(regression.curves(empty, empty), allow_nan=False)
    assert json.dumps(multiclass.curves(empty.astype(int), empty.reshape(0, 2), ("a", "b")), allow_nan=False)
