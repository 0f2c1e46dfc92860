"""Regression and several classes compared: intervals against a paired bootstrap, verdicts by direction."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats

from evidence import judging
from evidence.comparing import binary, multiclass, regression
from evidence.comparing.distance_from_zero import distance_from_zero_difference
from evidence.comparison import Comparison
from evidence.differences import judge_no_regression
from evidence.groups import Groups
from evidence.loading import LockedRows
from evidence.locking import LEAST_WEIGHT, MOST_WEIGHT
from evidence.metrics import binary as binary_metrics
from evidence.metrics import multiclass as multiclass_metrics
from evidence.metrics import regression as regression_metrics
from evidence.metrics.regression import LEAST_NUMBER, MOST_NUMBER
from tests.evidence.paired_bootstrap import assert_agrees, bootstrapped

ROWS = 500


def by_metric(comparison):
    return {measure.metric: measure for measure in comparison.measures}


def fares(seed=0, rows=ROWS, candidate_bias=0.02, candidate_noise=0.17):
    random = np.random.default_rng(seed)
    truth = random.gamma(5, 30, rows) + 20
    shared = random.normal(0, 0.1, rows)
    baseline = truth * np.exp(shared + random.normal(0.05, 0.17, rows))
    candidate = truth * np.exp(shared + random.normal(candidate_bias, candidate_noise, rows))
    return truth, baseline, candidate


def classes(seed=0, rows=ROWS, count=4):
    random = np.random.default_rng(seed)
    truth = random.choice(count, rows, p=[0.4, 0.3, 0.2, 0.1])

    def scores(strength):
        drawn = np.exp(random.normal(size=(rows, count)) + strength * (np.arange(count) == truth[:, None]))
        return drawn / drawn.sum(axis=1, keepdims=True)

    return truth, scores(1.2), scores(1.6)


def scores(seed=0, rows=ROWS):
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.35
    shared = random.normal(truth * 1.2 - 0.7, 0.8)
    baseline, candidate = (1 / (1 + np.exp(-shared - random.normal(0, spread, rows))) for spread in (0.9, 0.5))
    return truth, baseline, candidate


@pytest.mark.slow
def test_regression_intervals_agree_with_a_bootstrap_over_rows():
    truth, baseline, candidate = fares()

    def difference(rows):
        after = regression_metrics.measure(truth[rows], candidate[rows])
        before = regression_metrics.measure(truth[rows], baseline[rows])
        pairs = zip(after, before, strict=True)
        return [abs(a.value) - abs(b.value) if a.metric == "mean_signed_error" else a.value - b.value for a, b in pairs]

    draws = bootstrapped(difference, ROWS)
    measures = regression.compare(truth, baseline, candidate, segments={}).measures
    assert len(measures) == 6
    for place, measure in enumerate(measures):
        assert_agrees(measure, draws[:, place])


def distance_difference(baseline, candidate):
    """The interval of two columns of errors."""
    spreads = [stats.sem(errors) ** 2 for errors in (baseline, candidate, candidate - baseline)]
    return distance_from_zero_difference((baseline.mean(), candidate.mean()), spreads, len(baseline))


@pytest.mark.slow
def test_intervals_of_several_classes_agree_with_a_bootstrap_over_rows():
    truth, baseline, candidate = classes()

    def difference(rows):
        after = multiclass_metrics.measure(truth[rows], candidate[rows], 4)
        before = multiclass_metrics.measure(truth[rows], baseline[rows], 4)
        return [a.value - b.value for a, b in zip(after, before, strict=True)]

    draws = bootstrapped(difference, ROWS)
    for place, measure in enumerate(multiclass.compare(truth, baseline, candidate, classes=4, segments={}).measures):
        assert_agrees(measure, draws[:, place])


@pytest.mark.slow
def test_binary_intervals_agree_with_a_bootstrap_over_rows():
    truth, baseline, candidate = scores()

    def difference(rows):
        after = binary_metrics.measure(truth[rows], candidate[rows], 0.4)
        before = binary_metrics.measure(truth[rows], baseline[rows], 0.5)
        return [a.value - b.value for a, b in zip(after, before, strict=True)]

    draws = bootstrapped(difference, ROWS)
    compared = binary.compare(truth, baseline, candidate, baseline_threshold=0.5, candidate_threshold=0.4, segments={})
    for place, measure in enumerate(compared.measures):
        # The binned error has a bootstrap bias of its own; see test_calibration.
        if measure.metric != "calibration_error":
            assert_agrees(measure, draws[:, place])


@pytest.mark.parametrize("bias", [-0.1, 0.0, 0.02])
def test_distance_from_zero_is_covered_also_where_it_has_no_derivative(bias):
    random = np.random.default_rng(5)
    covered = []
    for _ in range(400):
        shared = random.normal(0, 1, 200)
        baseline, candidate = shared + random.normal(0.05, 1, 200), shared + random.normal(bias, 1, 200)
        interval = distance_difference(baseline, candidate)
        covered.append(interval.low <= abs(bias) - 0.05 <= interval.high)
    assert np.mean(covered) >= 0.92


def test_far_from_zero_the_distance_has_the_paired_interval():
    random = np.random.default_rng(6)
    baseline, candidate = random.normal(-10, 1, 400), random.normal(-8, 1, 400)
    interval = distance_difference(baseline, candidate)
    change = baseline - candidate  # both below zero: the distance is the negated mean
    error = change.std(ddof=1) / 20
    assert interval.difference == pytest.approx(change.mean())
    assert [interval.low, interval.high] == pytest.approx(
        [change.mean() - 1.96 * error, change.mean() + 1.96 * error], abs=1e-3
    )


def test_nearer_to_zero_is_better_from_either_side():
    truth = np.linspace(100, 200, 300)
    wiggle = np.tile([-1.0, 1.0], 150)
    too_low, nearly_right = truth - 20 + wiggle, truth + 2 - wiggle
    there = by_metric(regression.compare(truth, too_low, nearly_right, segments={}))["mean_signed_error"]
    back = by_metric(regression.compare(truth, nearly_right, too_low, segments={}))["mean_signed_error"]
    assert (there.baseline, there.candidate, there.difference) == pytest.approx((-20, 2, -18))
    assert (there.verdict, back.verdict) == ("better", "worse")
    assert judge_no_regression(there, margin=0).outcome == "passed"
    assert judge_no_regression(back, margin=1.0).outcome == "failed"


def test_better_regressions_are_better_whichever_way_the_metric_runs():
    truth, baseline, _ = fares(rows=2000)
    candidate = truth + (baseline - truth) / 4
    compared = regression.compare(truth, baseline, candidate, segments={})
    assert {measure.verdict for measure in compared.measures} == {"better"}
    assert by_metric(compared)["r2"].difference > 0 > by_metric(compared)["rmspe"].difference
    assert compared.decisions == {"closer": 2000, "farther": 0, "equal": 0}
    assert compared.changed == 2000


def test_a_target_of_zero_leaves_shares_undefined_and_the_rest_judged():
    truth, baseline, candidate = fares()
    truth[3] = 0
    measures = by_metric(regression.compare(truth, baseline, candidate, segments={}))
    for metric in ("rmspe", "mape"):
        assert (measures[metric].verdict, measures[metric].low) == ("undefined", None)
        assert measures[metric].reason == f"the target is 0 in 1 of {ROWS} rows"
    assert measures["mae"].low is not None


@pytest.mark.parametrize("models", ["fares", "classes"])
def test_identical_predictions_show_no_measurable_difference(models):
    if models == "fares":
        truth, baseline, _ = fares()
        compared = regression.compare(truth, baseline, baseline, segments={})
    else:
        truth, baseline, _ = classes()
        compared = multiclass.compare(truth, baseline, baseline, classes=4, segments={})
    assert {measure.verdict for measure in compared.measures} == {"same"}
    assert {measure.difference for measure in compared.measures} == {0.0}
    assert compared.changed == 0


def test_perfect_predictions_have_an_interval_too():
    truth, baseline, _ = fares()
    measures = by_metric(regression.compare(truth, truth, truth.copy(), segments={}))
    assert (measures["rmse"].low, measures["rmse"].high) == (0, 0)
    assert by_metric(regression.compare(truth, baseline, truth.copy(), segments={}))["rmspe"].verdict == "better"


def test_where_the_error_grows_most_surely_stands_first():
    truth, baseline, _ = fares(rows=900)
    group = np.repeat(["near", "far", "few"], [440, 440, 20])
    candidate = np.where(group == "far", truth + 3 * (baseline - truth), truth + (baseline - truth) / 2)
    far, near, few = regression.compare(truth, baseline, candidate, segments={"distance": Groups.of(group)}).segments
    assert [(each.value, each.verdict) for each in (far, near, few)] == [
        ("far", "worse"),
        ("near", "better"),
        ("few", "too_small"),
    ]
    assert {each.metric for each in (far, near, few)} == {"mae"}
    assert few.reason == "20 rows; at least 30 are needed"
    inside = group == "far"
    assert far.baseline == pytest.approx(np.abs(baseline - truth)[inside].mean())
    assert far.difference == pytest.approx(2 * far.baseline)


def test_segments_of_a_regression_have_paired_intervals_widened_for_all_of_them():
    truth, baseline, candidate = fares(rows=300)
    group = np.repeat(["a", "b", "c"], 100)
    shown = {
        each.value: each
        for each in regression.compare(truth, baseline, candidate, segments={"g": Groups.of(group)}).segments
    }
    change = (np.abs(candidate - truth) - np.abs(baseline - truth))[group == "b"]
    half_width = stats.t.ppf(1 - 0.05 / 3 / 2, 99) * stats.sem(change)
    assert [shown["b"].low, shown["b"].high] == pytest.approx(
        [change.mean() - half_width, change.mean() + half_width], rel=1e-3
    )


def test_several_classes_are_compared_by_accuracy_in_each_segment():
    truth, baseline, candidate = classes()
    group = np.where(np.arange(ROWS) % 2, "odd", "even")
    segments = multiclass.compare(truth, baseline, candidate, classes=4, segments={"place": Groups.of(group)}).segments
    for each in segments:
        inside = group == each.value
        assert (each.metric, each.n) == ("accuracy", 250)
        assert each.candidate == pytest.approx((candidate.argmax(axis=1) == truth)[inside].mean())


def test_labels_alone_are_compared_but_for_their_log_loss():
    truth, baseline, candidate = classes()
    labels = candidate.argmax(axis=1).astype(float)
    measures = by_metric(multiclass.compare(truth, baseline, labels, classes=4, segments={}))
    whole = by_metric(multiclass.compare(truth, baseline, candidate, classes=4, segments={}))
    assert measures["macro_f1"] == whole["macro_f1"]
    assert (measures["log_loss"].verdict, measures["log_loss"].difference) == ("undefined", None)


def test_resampled_intervals_are_the_same_every_time():
    truth, baseline, candidate = classes()
    once, again = (multiclass.compare(truth, baseline, candidate, classes=4, segments={}) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("models", ["fares", "classes"])
def test_a_comparison_survives_json(models):
    truth, baseline, candidate = fares() if models == "fares" else classes()
    compared = (
        regression.compare(truth, baseline, candidate, segments={})
        if models == "fares"
        else multiclass.compare(truth, baseline, candidate, classes=4, segments={})
    )
    assert Comparison.from_dict(json.loads(json.dumps(compared.to_dict(), allow_nan=False))) == compared


def weighted_like(rows, seed=9):
    return np.random.default_rng(seed).choice([0.5, 1.0, 3.0], rows)


@pytest.mark.slow
def test_weighted_regression_intervals_agree_with_a_bootstrap_over_rows():
    truth, baseline, candidate = fares(seed=1)
    weight = weighted_like(ROWS)

    def difference(rows):
        before, after = (
            regression_metrics.measure(truth[rows], each[rows], weight=weight[rows]) for each in (baseline, candidate)
        )
        pairs = zip(after, before, strict=True)
        return [abs(a.value) - abs(b.value) if a.metric == "mean_signed_error" else a.value - b.value for a, b in pairs]

    draws = bootstrapped(difference, ROWS)
    for place, measure in enumerate(
        regression.compare(truth, baseline, candidate, segments={}, weight=weight).measures
    ):
        assert_agrees(measure, draws[:, place], within=0.25)


@pytest.mark.slow
def test_weighted_intervals_of_several_classes_agree_with_a_bootstrap_over_rows():
    truth, baseline, candidate = classes(seed=1)
    weight = weighted_like(ROWS)

    def difference(rows):
        before, after = (
            multiclass_metrics.measure(truth[rows], each[rows], 4, weight=weight[rows])
            for each in (baseline, candidate)
        )
        return [a.value - b.value for a, b in zip(after, before, strict=True)]

    draws = bootstrapped(difference, ROWS)
    compared = multiclass.compare(truth, baseline, candidate, classes=4, segments={}, weight=weight)
    for place, measure in enumerate(compared.measures):
        assert_agrees(measure, draws[:, place])
        assert "delta method" in measure.method


def compared_by_segment(task, weight, **segments):
    columns = {column: Groups.of(np.array(values)) for column, values in segments.items()}
    if task == "regression":
        return regression.compare(*fares(), segments=columns, weight=weight)
    return multiclass.compare(*classes(), classes=4, segments=columns, weight=weight)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_every_metric_is_judged_in_every_segment_as_on_its_rows_alone(task, weighted):
    weight = weighted_like(ROWS) if weighted else None
    half = np.repeat(["first", "second"], ROWS // 2)
    compared = compared_by_segment(task, weight, half=half)
    assert len(compared.other_segments) == len(compared.measures) - 1
    for metric in (measure.metric for measure in compared.measures):
        for found in compared.segments_by(metric):
            inside = half == found.value
            rows = [each[inside] for each in (fares() if task == "regression" else classes())]
            options = {} if task == "regression" else {"classes": 4}
            alone = by_metric(
                (regression if task == "regression" else multiclass).compare(
                    *rows,
                    **options,
                    segments={},
                    weight=None if weight is None else weight[inside],
                    level=1 - 0.05 / 2,
                )
            )[metric]
            values = (found.baseline, found.candidate, found.difference)
            assert values == pytest.approx((alone.baseline, alone.candidate, alone.difference), abs=1e-9)
            # All rows are resampled for macro metrics, segments are not: the ends agree only nearly.
            within = 0.1 if metric.startswith("macro") else 1e-6
            width = found.high - found.low
            assert (found.low, found.high) == pytest.approx((alone.low, alone.high), abs=within * width)


def test_what_became_of_rows_is_counted_in_every_segment():
    half = np.repeat(["first", "second"], ROWS // 2)
    compared = compared_by_segment("regression", None, half=half)
    truth, baseline, candidate = fares()
    closer = np.abs(candidate - truth) < np.abs(baseline - truth)
    assert compared.segment_decisions["half"]["first"]["closer"] == closer[: ROWS // 2].sum()
    counts = compared.segment_decisions["half"].values()
    assert {kind: sum(each[kind] for each in counts) for kind in compared.decisions} == compared.decisions


def test_weighted_classes_decided_alike_everywhere_are_not_said_to_be_surely_alike():
    truth = np.arange(60) % 3
    told = [
        multiclass.compare(truth, truth.astype(float), truth.astype(float), classes=3, segments={}, weight=weight)
        for weight in (None, np.full(60, 2.0), np.where(np.arange(60) < 30, 5.0, 0.1))
    ]
    plain, doubled, uneven = (one.measures[0] for one in told)
    assert plain.metric == "accuracy"
    assert (doubled.low, doubled.high) == pytest.approx((plain.low, plain.high))
    assert uneven.high - uneven.low > plain.high - plain.low > 0


def test_a_segment_whose_targets_are_all_equal_has_no_r_squared_and_says_so():
    truth, baseline, candidate = fares()
    truth[:100] = 150.0
    group = Groups.of(np.repeat(["flat", "varied"], [100, 400]))
    found = regression.compare(truth, baseline, candidate, segments={"g": group}).segments_by("r2")
    flat = next(each for each in found if each.value == "flat")
    assert (flat.verdict, flat.low, flat.reason) == ("undefined", None, "all 100 targets are equal")


@pytest.mark.filterwarnings("error")
def test_the_largest_numbers_and_weights_that_are_taken_are_measured_and_compared_without_infinities():
    generator = np.random.default_rng(8)
    truth = generator.choice([LEAST_NUMBER, -LEAST_NUMBER, MOST_NUMBER], 60)
    baseline, candidate = (generator.choice([0.0, -MOST_NUMBER, MOST_NUMBER], 60) for _ in range(2))
    weight = generator.choice([LEAST_WEIGHT, 1.0, MOST_WEIGHT], 60)
    rows = LockedRows(truth, {"half": Groups.of(["a", "b"] * 30)}, "regression", weight=weight)
    before, after = judging.Predicted(baseline), judging.Predicted(candidate)
    values = [asdict(value) for value in judging.measure(rows, after)]
    json.dumps([values, judging.compare(rows, before, after).to_dict(), judging.curves(rows, after)], allow_nan=False)
    assert all(value["value"] is not None for value in values)
