from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidence.comparing.binary import compare
from evidence.comparing.rankings import auc_difference
from evidence.comparison import Comparison, Difference, judge_no_regression
from evidence.groups import Groups
from evidence.intervals import log_loss_difference, share_difference


def compare_at_half(truth, baseline, candidate, **segments):
    return compare(
        np.array(truth, dtype=bool),
        np.array(baseline, dtype=float),
        np.array(candidate, dtype=float),
        baseline_threshold=0.5,
        candidate_threshold=0.5,
        segments={column: Groups.of(values) for column, values in segments.items()},
    )


def by_metric(comparison):
    return {measure.metric: measure for measure in comparison.measures}


def drawn_comparison(seed=0, rows=600):
    """Two real models, the candidate blind to half of the "south" positives."""
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.5
    region = random.choice(["north", "south", "west"], rows, p=[0.6, 0.35, 0.05])
    baseline = np.clip(random.normal(0.35 + 0.3 * truth, 0.2), 0, 1)
    candidate = np.clip(baseline - 0.3 * (region == "south") + random.normal(0, 0.02, rows), 0, 1)
    return compare_at_half(truth, baseline, candidate, region=region)


def difference(low, high, *, metric="accuracy", n=100, observed=None):
    return Difference(
        metric=metric,
        n=n,
        baseline=0.5,
        candidate=0.5,
        difference=(low + high) / 2 if observed is None else observed,
        low=low,
        high=high,
        level=0.95,
        method="",
        verdict="same",
    )


def test_decisions_are_counted_by_who_is_right():
    comparison = compare_at_half(
        truth=[1, 1, 1, 0, 0, 0, 0],
        baseline=[0.9, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1],
        candidate=[0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.9],
    )
    assert comparison.decisions == {"both_right": 2, "fixed": 2, "broken": 2, "both_wrong": 1}
    assert comparison.changed == 4
    assert comparison.n == 7


def test_each_model_decides_at_its_own_threshold():
    scores = np.array([0.4, 0.6])
    comparison = compare(
        np.array([True, True]),
        scores,
        scores,
        baseline_threshold=0.5,
        candidate_threshold=0.3,
        segments={},
    )
    assert comparison.decisions == {"both_right": 1, "fixed": 1, "broken": 0, "both_wrong": 0}
    assert by_metric(comparison)["recall"].difference == 0.5


def test_measures_carry_the_intervals_of_their_methods():
    random = np.random.default_rng(4)
    truth = random.random(200) < 0.4
    baseline, candidate = random.random(200), np.clip(random.random(200) + 0.2 * truth, 0, 1)
    measures = by_metric(compare_at_half(truth, baseline, candidate))
    was, now = (baseline >= 0.5), (candidate >= 0.5)
    yes_fixed, yes_broken = int((truth & now & ~was).sum()), int((truth & was & ~now).sum())
    no_fixed, no_broken = int((~truth & was & ~now).sum()), int((~truth & now & ~was).sum())
    expected = {
        "auc": auc_difference(truth, baseline, candidate),
        "log_loss": log_loss_difference(truth, baseline, candidate),
        "accuracy": share_difference(200, yes_fixed + no_fixed, yes_broken + no_broken),
        "recall": share_difference(int(truth.sum()), yes_fixed, yes_broken),
    }
    for metric, interval in expected.items():
        shown = measures[metric]
        expected_ends = pytest.approx([interval.difference, interval.low, interval.high], rel=1e-12)
        assert [shown.difference, shown.low, shown.high] == expected_ends
        assert shown.method == interval.method
        assert shown.candidate - shown.baseline == pytest.approx(shown.difference, abs=1e-12)


def test_a_lower_log_loss_is_better_and_a_higher_auc_is_better():
    random = np.random.default_rng(6)
    truth = random.random(500) < 0.5
    poor, good = np.clip(random.normal(0.5, 0.2, 500), 0.01, 0.99), np.where(truth, 0.8, 0.2)
    good = np.clip(good + random.normal(0, 0.1, 500), 0.01, 0.99)
    improved, worsened = compare_at_half(truth, poor, good), compare_at_half(truth, good, poor)
    # The good scores are sharper and yet less calibrated than the poor ones, which all lie near one half.
    told = [{m.verdict for m in c.measures if m.metric != "calibration_error"} for c in (improved, worsened)]
    assert told == [{"better"}, {"worse"}]
    assert by_metric(improved)["log_loss"].difference < 0 < by_metric(improved)["auc"].difference


def test_identical_scores_show_no_measurable_difference():
    random = np.random.default_rng(7)
    truth, scores = random.random(300) < 0.5, random.random(300)
    comparison = compare_at_half(truth, scores, scores)
    assert {measure.verdict for measure in comparison.measures} == {"same"}
    assert {measure.difference for measure in comparison.measures} == {0.0}
    assert comparison.changed == 0


def test_one_class_is_undefined_with_a_reason_and_never_nan():
    comparison = compare_at_half([1] * 40, np.linspace(0.1, 0.9, 40), np.linspace(0.2, 0.8, 40))
    auc = by_metric(comparison)["auc"]
    assert (auc.verdict, auc.low, auc.reason) == ("undefined", None, "only one class among 40 rows")
    assert "NaN" not in json.dumps(comparison.to_dict())


def test_a_comparison_survives_json():
    comparison = drawn_comparison()
    assert Comparison.from_dict(json.loads(json.dumps(comparison.to_dict(), allow_nan=False))) == comparison


def test_a_stored_comparison_with_an_unknown_key_is_refused():
    with pytest.raises(TypeError, match="colour"):
        Comparison.from_dict(drawn_comparison().to_dict() | {"colour": "red"})


def test_the_segment_that_loses_recall_stands_first_and_is_worse():
    comparison = drawn_comparison()
    first, second, last = comparison.segments
    assert (first.column, first.value, first.verdict) == ("region", "south", "worse")
    assert (second.value, second.verdict) == ("north", "same")
    assert (last.value, last.verdict) == ("west", "too_small")
    assert (comparison.segments_judged, comparison.segments_too_small) == (2, 1)


def test_a_segment_with_29_positives_is_named_and_not_judged():
    truth, values = [1] * 59 + [0] * 41, ["a"] * 30 + ["b"] * 29 + ["b"] * 41
    comparison = compare_at_half(truth, [0.9] * 100, [0.1] * 100, group=values)
    judged, small = comparison.segments
    assert (judged.value, judged.n, judged.verdict, judged.difference) == ("a", 30, "worse", -1.0)
    assert (small.value, small.n, small.verdict) == ("b", 29, "too_small")
    assert small.reason == "29 positive rows; at least 30 are needed"
    assert (small.baseline, small.candidate, small.difference, small.low, small.high) == (None,) * 5


def test_segment_intervals_are_widened_for_the_segments_judged_only():
    random = np.random.default_rng(8)
    truth = np.ones(400, dtype=bool)
    values = np.repeat(["a", "b", "c", "d", "tiny"], [100, 100, 100, 90, 10])
    baseline, candidate = random.random(400), random.random(400)
    comparison = compare_at_half(truth, baseline, candidate, group=values)
    shown = {segment.value: segment for segment in comparison.segments}["d"]
    rows = values == "d"
    was, now = baseline[rows] >= 0.5, candidate[rows] >= 0.5
    gain, loss = (1 + (now & ~was).sum()) / 92, (1 + (was & ~now).sum()) / 92
    half_width = stats.norm.ppf(1 - 0.05 / 4 / 2) * np.sqrt((gain + loss - (gain - loss) ** 2) / 92)
    assert [shown.low, shown.high] == pytest.approx([gain - loss - half_width, gain - loss + half_width])
    assert shown.method == "adjusted Wald, paired, widened for 4 segments"
    assert shown.level == 0.95


def test_segment_columns_of_the_wrong_length_are_refused_by_name():
    with pytest.raises(ValueError, match="segment column region"):
        compare_at_half([1, 0], [0.5, 0.5], [0.5, 0.5], region=["north"])


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [(-0.02, 0.01, "passed"), (-0.08, -0.06, "failed"), (-0.08, 0.01, "inconclusive")],
)
def test_no_regression_has_three_outcomes_about_the_margin(low, high, outcome):
    assert judge_no_regression(difference(low, high), margin=0.05).outcome == outcome
    mirrored = difference(-high, -low, metric="log_loss")
    assert judge_no_regression(mirrored, margin=0.05).outcome == outcome


def test_an_unchanged_model_passes_even_a_margin_of_zero():
    assert judge_no_regression(difference(0.0, 0.0, metric="auc"), margin=0).outcome == "passed"


def test_rows_needed_would_settle_it_at_the_same_difference():
    judgement = judge_no_regression(difference(-0.08, 0.04, n=100), margin=0.05)
    # Half-width 0.06 must shrink to the distance 0.03 between the difference and the margin: fourfold rows.
    assert (judgement.outcome, judgement.rows_needed) == ("inconclusive", 300)


@given(
    st.floats(-0.3, 0.3),
    st.floats(0.001, 0.3),
    st.floats(0, 0.2),
    st.integers(2, 10_000),
    st.sampled_from(["accuracy", "log_loss"]),
)
def test_rows_needed_is_enough_and_not_too_many(centre, half_width, margin, n, metric):
    def outcome(rows):
        shrunk = half_width * np.sqrt(n / rows)
        return judge_no_regression(difference(centre - shrunk, centre + shrunk, metric=metric, n=rows), margin)

    judgement = outcome(n)
    if judgement.outcome != "inconclusive" or judgement.rows_needed is None:
        assert judgement.rows_needed is None
        return
    assert judgement.rows_needed >= 1
    assert outcome(n + judgement.rows_needed * 1.001 + 1).outcome != "inconclusive"
    if judgement.rows_needed > 10:
        assert outcome(n + judgement.rows_needed * 0.99 - 1).outcome == "inconclusive"


def test_a_difference_on_the_margin_is_settled_by_no_number_of_rows():
    judgement = judge_no_regression(difference(-0.25, 0.25, observed=0.0), margin=0)
    assert (judgement.outcome, judgement.rows_needed) == ("inconclusive", None)


def test_what_has_no_interval_is_inconclusive_with_its_reason():
    undefined = replace(difference(0, 0), difference=None, low=None, high=None, verdict="undefined", reason="no rows")
    judgement = judge_no_regression(undefined, margin=0.01)
    assert (judgement.outcome, judgement.rows_needed, judgement.reason) == ("inconclusive", None, "no rows")


@pytest.mark.parametrize("margin", [-0.01, float("nan")])
def test_a_margin_below_zero_is_refused(margin):
    with pytest.raises(ValueError, match="margin"):
        judge_no_regression(difference(0, 0), margin=margin)
