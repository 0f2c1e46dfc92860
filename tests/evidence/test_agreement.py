"""Two versions on rows without labels: distributions against SciPy, agreement by hand, the rows farthest apart."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidence.agreement import Agreement, Disagreement, Move, agree
from evidence.groups import Groups
from evidence.judging import Predicted
from evidence.score_shift import kolmogorov_smirnov, pearson, score_stability_index, spearman, stability_index

NUMBERS = st.sampled_from([0.0, 0.1, 0.25, 0.2500001, 0.5, 0.9, 1.0])
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(1, 4)), min_size=2, max_size=60)
CLASSES = ("cat", "dog", "eel")


def split(rows):
    return (np.array(column, dtype=float) for column in zip(*rows, strict=True))


def scores(rows=1000, seed=0):
    random = np.random.default_rng(seed)
    shared = random.normal(size=rows)
    return tuple(1 / (1 + np.exp(-shared - random.normal(0, spread, rows))) for spread in (0.3, 0.5))


def likely(rows=600, seed=0):
    random = np.random.default_rng(seed)
    shared = random.normal(size=(rows, 3))
    drawn = (np.exp(shared + random.normal(0, 0.5, (rows, 3))) for _ in range(2))
    return tuple(each / each.sum(axis=1, keepdims=True) for each in drawn)


def agreement(task, baseline, candidate, *, thresholds=(0.5, 0.5), segments=None, **options):
    before, after = (
        Predicted(np.asarray(given, dtype=float), at)
        for given, at in zip((baseline, candidate), thresholds, strict=True)
    )
    return agree(task, before, after, segments or {}, **options)


@given(ROWS)
def test_kolmogorov_smirnov_is_the_statistic_of_scipy(rows):
    baseline, candidate, _ = split(rows)
    expected = stats.ks_2samp(baseline, candidate, method="asymp").statistic
    assert kolmogorov_smirnov(baseline, candidate) == pytest.approx(expected, abs=1e-9)


@given(ROWS)
def test_correlations_are_those_of_scipy(rows):
    baseline, candidate, _ = split(rows)
    if np.ptp(baseline) == 0 or np.ptp(candidate) == 0:
        assert pearson(baseline, candidate) is None
        assert spearman(baseline, candidate) is None
        return
    assert pearson(baseline, candidate) == pytest.approx(stats.pearsonr(baseline, candidate)[0], abs=1e-9)
    assert spearman(baseline, candidate) == pytest.approx(stats.spearmanr(baseline, candidate)[0], abs=1e-9)


@given(ROWS)
def test_a_weight_counts_like_so_many_equal_rows(rows):
    baseline, candidate, weight = split(rows)
    times = weight.astype(int)
    repeated = np.repeat(baseline, times), np.repeat(candidate, times)
    for statistic in (kolmogorov_smirnov, pearson, spearman):
        assert statistic(baseline, candidate, weight) == pytest.approx(statistic(*repeated), abs=1e-9)


def test_the_stability_index_is_its_formula_over_the_baselines_deciles():
    baseline, candidate = scores()
    edges = np.sort(baseline)[[99, 199, 299, 399, 499, 599, 699, 799, 899]]  # each decile is the last score of its bin
    bins = [-np.inf, *edges, np.inf]
    index = 0.0
    for low, high in pairwise(bins):
        p, q = ((((low < each) & (each <= high)).sum() + 0.5) / (1000 + 5) for each in (baseline, candidate))
        index += (q - p) * np.log(q / p)
    assert score_stability_index(baseline, candidate) == pytest.approx(index)
    assert index > 0.002


def test_equal_distributions_have_no_shift_and_an_emptied_bin_a_finite_one():
    baseline, _ = scores()
    assert score_stability_index(baseline, baseline[::-1]) == kolmogorov_smirnov(baseline, baseline[::-1]) == 0
    assert 1 < stability_index(np.array([50.0, 50.0]), np.array([100.0, 0.0])) < 10


def test_yes_or_no_is_compared_at_each_versions_own_threshold():
    found = agreement("binary", [0.2, 0.4, 0.6, 0.8], [0.2, 0.5, 0.6, 0.1], thresholds=(0.5, 0.3))
    assert (found.n, found.alike.value) == (4, 0.5)
    assert found.decided_yes == (0.5, 0.5)
    assert found.moves == [Move("no", "yes", 1), Move("yes", "no", 1)]
    expected = stats.binomtest(2, 4).proportion_ci(method="wilson")
    assert (found.alike.low, found.alike.high) == pytest.approx((expected.low, expected.high))
    assert found.mean_difference.value == pytest.approx(-0.15)
    assert found.mean_distance.value == pytest.approx(0.2)


def test_the_rows_farthest_apart_come_first_and_rows_that_agree_not_at_all():
    found = agreement("binary", [0.2, 0.4, 0.6, 0.8], [0.2, 0.5, 0.1, 0.3], largest=2)
    assert found.largest == [Disagreement(2, 0.5, 0.6, 0.1), Disagreement(3, 0.5, 0.8, 0.3)]
    everything = agreement("binary", [0.2, 0.4, 0.6, 0.8], [0.2, 0.5, 0.1, 0.3], largest=50)
    assert [each.row for each in everything.largest] == [2, 3, 1]


def test_numbers_are_compared_by_their_distance():
    baseline, candidate = (100 * each for each in scores())
    found = agreement("regression", baseline, candidate)
    change = candidate - baseline
    low, high = stats.t.interval(0.95, 999, change.mean(), stats.sem(change))
    assert (found.mean_difference.low, found.mean_difference.high) == pytest.approx((low, high), rel=1e-6)
    assert found.mean_distance.value == pytest.approx(np.abs(change).mean())
    assert found.kolmogorov_smirnov == pytest.approx(stats.ks_2samp(baseline, candidate, method="asymp").statistic)
    assert (found.alike, found.decided_yes, found.moves) == (None, None, [])


def test_several_classes_say_which_moves_are_frequent():
    baseline, candidate = [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 0, 2, 2, 0]
    found = agreement("multiclass", baseline, candidate, classes=CLASSES)
    assert found.alike.value == 0.5
    assert found.moves == [Move("cat", "dog", 2), Move("dog", "cat", 1), Move("eel", "cat", 1)]
    assert found.stability_index == pytest.approx(stability_index(np.array([3.0, 2, 3]), np.array([3.0, 3, 2])))
    assert (found.kolmogorov_smirnov, found.mean_distance) == (None, None)
    assert found.largest[0] == Disagreement(1, 1.0, "cat", "dog")


def test_probabilities_of_classes_are_compared_class_by_class():
    baseline, candidate = likely()
    found = agreement("multiclass", baseline, candidate, classes=CLASSES)
    by_class = [stats.ks_2samp(baseline[:, at], candidate[:, at]).statistic for at in range(3)]
    assert found.kolmogorov_smirnov == pytest.approx(max(by_class))
    assert found.shifted_most == CLASSES[int(np.argmax(by_class))]
    apart = np.abs(baseline - candidate).sum(axis=1) / 2
    assert found.largest[0].row == apart.argmax()
    assert found.largest[0].distance == pytest.approx(apart.max())


def test_segments_stand_by_how_little_they_agree_and_small_ones_last():
    baseline, _ = scores()
    region = np.repeat(["north", "south", "tiny"], [500, 480, 20])
    candidate = np.where((region == "south") & (np.arange(1000) % 4 == 0), 1 - baseline, baseline)
    found = agreement("binary", baseline, candidate, segments={"region": Groups.of(region)})
    assert [each.segment for each in found.segments] == ["south", "north", "tiny"]
    south, _, tiny = found.segments
    expected = stats.binomtest(360, 480).proportion_ci(1 - 0.05 / 2, method="wilson")
    assert (south.value, south.low, south.high) == pytest.approx((0.75, expected.low, expected.high))
    assert (tiny.value, tiny.reason) == (None, "20 rows; at least 30 are needed")


def test_segments_of_numbers_stand_by_how_far_apart_they_surely_are():
    baseline, candidate = scores()
    region = np.repeat(["near", "far", "tiny"], [500, 480, 20])
    apart = np.where(region == "far", 2.0, 1.0) * (candidate - baseline)
    found = agreement("regression", baseline, baseline + apart, segments={"region": Groups.of(region)})
    assert [each.segment for each in found.segments] == ["far", "near", "tiny"]
    inside = np.abs(apart)[region == "far"]
    low, high = stats.t.interval(1 - 0.05 / 2, 479, inside.mean(), stats.sem(inside))
    assert (found.segments[0].low, found.segments[0].high) == pytest.approx((low, high), rel=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_an_agreement_survives_json(task, weighted):
    baseline, candidate = likely() if task == "multiclass" else scores(600)
    weight = np.tile([0.5, 2.0], 300) if weighted else None
    segments = {"half": Groups.of(np.repeat(["first", "second"], 300))}
    found = agreement(task, baseline, candidate, classes=CLASSES, segments=segments, weight=weight)
    assert Agreement.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False))) == found


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_same_predictions_agree_in_everything(task):
    baseline, _ = likely() if task == "multiclass" else scores()
    found = agreement(task, baseline, baseline, classes=CLASSES)
    assert (found.stability_index, found.kolmogorov_smirnov, found.largest, found.moves) == (0, 0, [], [])
    assert found.alike is None or found.alike.value == 1


def test_equal_weights_change_no_value():
    baseline, candidate = scores()
    plain, weighted = (agreement("binary", baseline, candidate, weight=each) for each in (None, np.full(1000, 2.0)))
    assert weighted.alike.value == pytest.approx(plain.alike.value)
    assert weighted.alike.low == pytest.approx(plain.alike.low)
    assert weighted.kolmogorov_smirnov == pytest.approx(plain.kolmogorov_smirnov)
    assert replace(weighted.mean_distance, method="").low == pytest.approx(plain.mean_distance.low)


@pytest.mark.parametrize(
    ("task", "baseline", "candidate", "reason"),
    [
        ("binary", [0.1], [0.1, 0.2], "differ in length: 1 and 2 rows"),
        ("binary", [], [], "no row"),
        ("regression", [np.inf], [1.0], "not a finite number"),
        ("ranking", [1.0], [1.0], "no task 'ranking'"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(task, baseline, candidate, reason):
    with pytest.raises(ValueError, match=reason):
        agreement(task, baseline, candidate)
