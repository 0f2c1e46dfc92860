"""Binary metrics, overall and by segment, weighted and not, against scikit-learn; the sort behind them."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from evidence.curves.binary import curves, precision_recall_curve, roc_curve
from evidence.groups import Groups
from evidence.metrics import sorting
from evidence.metrics.binary import measure, measure_groups
from evidence.metrics.scored import auc_estimate, scored
from evidence.metrics.sorting import rows_by_score

# Few distinct scores, so that ties are the rule; both ends, so that clipping matters.
SCORES = st.sampled_from([0.0, 1e-12, 0.1, 0.25, 0.5, 0.5000001, 0.75, 0.9, 1.0])
WEIGHTS = st.sampled_from([0.01, 0.5, 1.0, 2.0, 37.0])
SEGMENTS = st.sampled_from(["a", "b", "c"])
ROWS = st.lists(st.tuples(st.booleans(), SCORES, WEIGHTS, SEGMENTS), min_size=1, max_size=60)
THRESHOLDS = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


def split(rows):
    truth, score, weight, segment = zip(*rows, strict=True)
    return np.array(truth, dtype=bool), np.array(score), np.array(weight), np.array(segment)


def calibration_error(truth, score, weight):
    gaps = 0.0
    for place in range(10):
        inside = (score >= place / 10) & ((score < (place + 1) / 10) | (place == 9))
        gaps += abs(sum(weight[inside] * (score[inside] - truth[inside])))
    return gaps / weight.sum()


def expected_values(truth, score, threshold, weight):
    """By metric; None where scikit-learn has no value either."""
    decided, there = score >= threshold, {"sample_weight": weight}
    both = 0 < truth.sum() < len(truth)
    return {
        "auc": sklearn_metrics.roc_auc_score(truth, score, **there) if both else None,
        "average_precision": sklearn_metrics.average_precision_score(truth, score, **there) if both else None,
        "accuracy": sklearn_metrics.accuracy_score(truth, decided, **there),
        "precision": sklearn_metrics.precision_score(truth, decided, **there) if decided.any() else None,
        "recall": sklearn_metrics.recall_score(truth, decided, **there) if truth.any() else None,
        "f1": sklearn_metrics.f1_score(truth, decided, **there) if (truth | decided).any() else None,
        "log_loss": sklearn_metrics.log_loss(truth, score, labels=[False, True], **there),
        "brier": sklearn_metrics.brier_score_loss(truth, score, pos_label=1, **there),
        "calibration_error": calibration_error(truth, score, weight),
    }


def assert_equal(values, expected):
    for value in values:
        wanted = expected[value.metric]
        if wanted is None:
            assert (value.value, value.low, value.high) == (None, None, None)
            assert value.reason
        else:
            assert value.value == pytest.approx(wanted, abs=1e-9), value.metric
            assert value.low is None or value.low <= value.value + 1e-12
            assert value.high is None or value.high >= value.value - 1e-12
            assert not any(end is not None and np.isnan(end) for end in (value.low, value.high))


@settings(deadline=None)  # scikit-learn warms up in the first example
@given(ROWS, THRESHOLDS, st.booleans())
def test_every_metric_of_every_segment_is_scikit_learns(rows, threshold, weighted):
    truth, score, weight, segment = split(rows)
    model = scored(truth, score, threshold, weight if weighted else None)
    weight = weight if weighted else np.ones(len(truth))
    assert_equal(
        measure(truth, score, threshold, weight=model.weight), expected_values(truth, score, threshold, weight)
    )
    for name, values in measure_groups(model, Groups.of(segment)):
        inside = segment == name
        assert_equal(values, expected_values(truth[inside], score[inside], threshold, weight[inside]))


@given(ROWS, THRESHOLDS)
def test_a_row_of_weight_2_is_worth_two_rows(rows, threshold):
    truth, score, _, _ = split(rows)
    twice = measure(np.r_[truth, truth], np.r_[score, score], threshold)
    heavy = measure(truth, score, threshold, weight=np.full(len(truth), 2.0))
    for one, other in zip(twice, heavy, strict=True):
        assert (one.value is None) == (other.value is None)
        assert one.value is None or one.value == pytest.approx(other.value, abs=1e-12)


def test_many_rows_are_worked_on_in_stretches_with_the_same_result(monkeypatch):
    random = np.random.default_rng(3)
    truth, segment = random.random(2000) < 0.3, random.choice(["a", "b", "c", "d"], 2000, p=[0.9, 0.05, 0.04, 0.01])
    score = np.round(np.clip(random.normal(0.3 + 0.2 * truth, 0.2), 0, 1), 2)
    weight = random.gamma(2, 1, 2000)
    model = scored(truth, score, 0.5, weight)
    at_once = list(measure_groups(model, Groups.of(segment)))
    monkeypatch.setattr(sorting, "_ROWS_AT_ONCE", 7)
    for (name, usual), (_, few) in zip(at_once, measure_groups(model, Groups.of(segment)), strict=True):
        inside = segment == name
        assert_equal(usual, expected_values(truth[inside], score[inside], 0.5, weight[inside]))
        for one, other in zip(usual, few, strict=True):
            assert one.value == pytest.approx(other.value, abs=1e-12)
            assert one.low == pytest.approx(other.low, abs=1e-12)


@pytest.mark.parametrize("broken", [0.0, -1.0, np.nan, np.inf])
def test_a_weight_that_counts_nothing_is_refused_by_row(broken):
    with pytest.raises(ValueError, match="row 1 has a weight"):
        measure(np.array([True, False]), np.array([0.5, 0.4]), 0.5, weight=np.array([1.0, broken]))


FLOATS = st.floats(0, 1) | st.sampled_from([0.0, -0.0, 0.5, np.nextafter(0.5, 1), np.nextafter(0.5, 0), 5e-324])


@given(st.lists(FLOATS | st.floats(-5, 5), max_size=60))
def test_rows_are_sorted_by_score_and_ties_stay_in_order(scores):
    array = np.array(scores)
    assert rows_by_score(array).tolist() == np.argsort(array, kind="stable").tolist()


def test_scores_that_only_their_last_bits_tell_apart_are_sorted_too():
    random = np.random.default_rng(1)
    steps = random.integers(0, 2000, 5000)
    near = 0.5 + steps * 2.0**-53 * 2
    score = np.where(random.random(5000) < 0.5, near, random.random(5000))
    assert np.array_equal(rows_by_score(score), np.argsort(score, kind="stable"))
    assert len(set(near)) > 1000


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.slow
def test_own_intervals_are_as_wide_as_a_bootstrap_says(weighted):
    random = np.random.default_rng(5)
    truth = random.random(600) < 0.35
    score = 1 / (1 + np.exp(-random.normal(truth * 1.3 - 0.6, 1)))
    weight = random.gamma(3, 1, 600) if weighted else None

    def values(rows):
        found = measure(truth[rows], score[rows], 0.5, weight=None if weight is None else weight[rows])
        return [value.value for value in found]

    draws = np.array([values(random.integers(0, 600, 600)) for _ in range(500)])
    for place, value in enumerate(measure(truth, score, 0.5, weight=weight)):
        if value.metric == "calibration_error":
            assert (value.low, value.high, value.method) == (None, None, "")
            continue
        # 500 draws know a standard error to about 3 %; 15 % is far beyond chance.
        assert (value.high - value.low) / 2 == pytest.approx(1.96 * draws[:, place].std(), rel=0.15), value.metric
        assert value.method


def test_shares_without_weights_have_wilsons_interval():
    methods = {value.metric: value.method for value in measure(np.arange(90) % 3 == 0, np.linspace(0, 1, 90), 0.5)}
    assert {methods[metric] for metric in ("accuracy", "precision", "recall")} == {"Wilson score"}


def test_a_perfect_separation_has_no_interval_of_its_own():
    values = {value.metric: value for value in measure(np.arange(40) >= 20, np.linspace(0, 1, 40), 0.5)}
    assert (values["auc"].value, values["auc"].low, values["auc"].method) == (1, None, "")


@pytest.mark.parametrize("weighted", [False, True])
def test_the_influence_on_auc_is_what_leaving_out_a_row_shows(weighted):
    random = np.random.default_rng(2)
    truth, score = random.random(300) < 0.4, np.round(random.random(300), 1)
    weight = random.gamma(2, 1, 300) if weighted else None
    found = auc_estimate(scored(truth, score, 0.5, weight))
    for row in range(0, 300, 29):
        kept = np.arange(300) != row
        there = None if weight is None else weight[kept]
        without = sklearn_metrics.roc_auc_score(truth[kept], score[kept], sample_weight=there)
        assert (found.value - without) * 300 == pytest.approx(found.influence[row], rel=0.05, abs=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_curves_are_those_of_scikit_learn(weighted):
    random = np.random.default_rng(4)
    truth, score = random.random(80) < 0.4, np.round(random.random(80), 2)
    weight = random.gamma(2, 1, 80) if weighted else None
    fpr, tpr, _ = sklearn_metrics.roc_curve(truth, score, sample_weight=weight, drop_intermediate=False)
    roc = roc_curve(truth, score, weight=weight)
    np.testing.assert_allclose([roc["fpr"], roc["tpr"]], [fpr, tpr], atol=1e-9)
    precision, recall, _ = sklearn_metrics.precision_recall_curve(truth, score, sample_weight=weight)
    found = precision_recall_curve(truth, score, weight=weight)
    # scikit-learn goes from the laxest threshold to the strictest and adds (0, 1), which is no row's.
    np.testing.assert_allclose([found["recall"], found["precision"]], [recall[-2::-1], precision[-2::-1]], atol=1e-9)


def test_stored_curves_are_small_plain_json_and_count_every_row():
    random = np.random.default_rng(6)
    truth = random.random(20_000) < 0.2
    score = 1 / (1 + np.exp(-random.normal(truth * 1.5 - 1, 1)))
    stored = curves(scored(truth, score, 0.4))
    text = json.dumps(stored, allow_nan=False)
    assert len(text) < 10_000
    assert json.loads(text) == stored
    assert max(len(numbers) for curve in ("roc", "precision_recall") for numbers in stored[curve].values()) <= 101
    tn, fp, fn, tp = sklearn_metrics.confusion_matrix(truth, score >= 0.4).ravel().tolist()
    assert stored["confusion"] == {
        "true_positive": tp,
        "false_positive": fp,
        "false_negative": fn,
        "true_negative": tn,
    }
    for kind, rows in (("positive", truth), ("negative", ~truth)):
        edges = np.histogram(score[rows], bins=50, range=(0, 1))[0]
        assert stored["scores"][kind] == edges.tolist()
    calibration = stored["calibration"]
    bins = Counter(np.minimum(score * 10, 9).astype(int).tolist())
    assert calibration["n"] == [bins[place] for place in sorted(bins)]
    first = score < 0.1
    assert calibration["observed"][0] == pytest.approx(truth[first].mean(), rel=1e-5)
    assert calibration["score"][0] == pytest.approx(score[first].mean(), rel=1e-5)
    assert calibration["low"][0] < calibration["observed"][0] < calibration["high"][0]


def test_one_class_has_curves_without_points():
    stored = curves(scored(np.ones(5, dtype=bool), np.linspace(0, 1, 5), 0.5))
    assert stored["roc"] == {"fpr": [], "tpr": []}
    assert stored["precision_recall"] == {"recall": [], "precision": []}
    json.dumps(stored, allow_nan=False)
