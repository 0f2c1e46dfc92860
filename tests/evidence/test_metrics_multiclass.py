from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from evidence.metrics import metrics_of
from evidence.metrics.multiclass import ONLY_LABELS, measure

CLASSES = 4
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


def measured(truth, prediction, classes=CLASSES):
    return {value.metric: value for value in measure(np.array(truth), np.array(prediction, float), classes)}


def drawn(seed, rows=200):
    random = np.random.default_rng(seed)
    truth = random.integers(0, CLASSES, rows)
    scores = np.exp(random.normal(size=(rows, CLASSES)) + 1.5 * (np.arange(CLASSES) == truth[:, None]))
    return truth, scores / scores.sum(axis=1, keepdims=True)


@given(ROWS)
def test_metrics_of_labels_equal_those_of_scikit_learn(rows):
    truth, decided = map(list, zip(*rows, strict=True))
    values = measured(truth, decided)
    assert values["accuracy"].value == pytest.approx(sklearn_metrics.accuracy_score(truth, decided))
    recalls = sklearn_metrics.recall_score(truth, decided, labels=sorted(set(truth)), average="macro")
    assert values["macro_recall"].value == pytest.approx(recalls)
    f1 = sklearn_metrics.f1_score(truth, decided, average="macro")
    assert values["macro_f1"].value == pytest.approx(f1)


@pytest.mark.parametrize("seed", range(5))
def test_metrics_of_probabilities_equal_those_of_scikit_learn(seed):
    truth, scores = drawn(seed)
    values = measured(truth, scores)
    assert values["log_loss"].value == pytest.approx(sklearn_metrics.log_loss(truth, scores))
    decided = scores.argmax(axis=1)
    assert values["accuracy"].value == pytest.approx(sklearn_metrics.accuracy_score(truth, decided))


def test_labels_alone_have_no_log_loss_and_say_so():
    value = measured([0, 1], [0, 1])["log_loss"]
    assert (value.value, value.reason) == (None, ONLY_LABELS)


def test_a_certain_probability_that_is_wrong_costs_a_finite_log_loss():
    assert np.isfinite(measured([0], [[0.0, 1.0]], classes=2)["log_loss"].value)


def test_every_measured_metric_is_registered_in_the_order_shown():
    assert list(measured([0], [0])) == [metric.key for metric in metrics_of("multiclass")]


def test_no_rows_leave_everything_undefined():
    assert all(value.value is None and value.reason for value in measured([], []).values())


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 5)])
def test_predictions_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="differ in shape"):
        measured([0, 1], np.zeros(shape))
