from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from evidence.groups import Groups
from evidence.metrics import metrics_of
from evidence.metrics.multiclass import ONLY_LABELS, measure, measure_groups
from tests.evidence.paired_bootstrap import assert_agrees, bootstrapped

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


WEIGHTED = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.tuples(*[st.sampled_from([0.1, 0.1, 0.4, 0.9])] * CLASSES),
        st.sampled_from([0.25, 1.0, 3.5]),
        st.sampled_from("abc"),
    ),
    min_size=1,
    max_size=60,
)


def columns(rows):
    truth, prediction, weight, group = map(np.array, zip(*rows, strict=True))
    return truth, prediction / prediction.sum(axis=1, keepdims=True), weight, group


@given(WEIGHTED)
def test_weighted_metrics_of_every_segment_equal_those_of_scikit_learn(rows):
    truth, prediction, weight, group = columns(rows)
    for name, values in measure_groups(truth, prediction, CLASSES, Groups.of(group), weight=weight):
        inside = group == name
        there, decided, each = truth[inside], prediction[inside].argmax(axis=1), weight[inside]
        recall = sklearn_metrics.recall_score(
            there, decided, labels=sorted(set(there)), average="macro", sample_weight=each
        )
        expected = {
            "accuracy": sklearn_metrics.accuracy_score(there, decided, sample_weight=each),
            "macro_recall": recall,
            "macro_f1": sklearn_metrics.f1_score(there, decided, average="macro", sample_weight=each),
            "log_loss": sklearn_metrics.log_loss(there, prediction[inside], labels=range(CLASSES), sample_weight=each),
        }
        assert {value.metric: value.value for value in values} == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert {value.n for value in values} == {inside.sum()}


@pytest.mark.slow
def test_own_intervals_agree_with_a_bootstrap_over_rows():
    truth, scores = drawn(7, rows=600)
    weight = np.random.default_rng(8).choice([0.5, 1.0, 2.0], 600)
    for given_weight in (None, weight):
        values = measure(truth, scores, CLASSES, weight=given_weight)
        draws = bootstrapped(
            lambda rows, each=given_weight: [
                value.value
                for value in measure(truth[rows], scores[rows], CLASSES, weight=None if each is None else each[rows])
            ],
            600,
        )
        for place, value in enumerate(values):
            assert_agrees(value, draws[:, place])


def test_a_group_without_rows_has_no_value_and_says_so():
    groups = Groups(("full", "none"), np.zeros(2, dtype=np.uint16))
    _, (_, values) = measure_groups(np.array([0, 1]), np.array([0.0, 1.0]), 2, groups)
    assert {value.value for value in values} == {None}
    assert {value.reason for value in values[:3]} == {"no rows"}


def test_rows_that_are_all_right_have_no_macro_interval_and_wilsons_for_accuracy():
    values = measured([0, 1, 2] * 10, [0, 1, 2] * 10)
    assert (values["macro_f1"].value, values["macro_f1"].low) == (1, None)
    assert values["accuracy"].low < values["accuracy"].high == 1
