"""Binary models compared in every segment by every metric, with weights and without, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from evidence.comparing import side_by_side
from evidence.comparing.binary import compare
from evidence.comparison import Comparison
from evidence.findings import finding
from evidence.groups import Groups
from evidence.metrics import binary as binary_metrics
from evidence.metrics import metrics_of
from tests.evidence.paired_bootstrap import assert_agrees, bootstrapped

METRICS = [metric.key for metric in metrics_of("binary")]
LARGE = ("north", "south", "west")


def drawn(seed=0, rows=900):
    """Two models on three large segments, a tiny one and one without positives; scores with ties."""
    random = np.random.default_rng(seed)
    region = random.choice(["north", "south", "west", "none", "few"], rows, p=[0.4, 0.3, 0.2, 0.08, 0.02])
    truth = (random.random(rows) < 0.4) & (region != "none")
    shared = random.normal(truth * 1.2 - 0.6, 0.8)
    scores = [1 / (1 + np.exp(-shared - random.normal(0, spread, rows))) for spread in (0.9, 0.5)]
    return truth, *(np.round(score, 2) for score in scores), region, random.gamma(3, 1, rows)


def compared(rows, *, weighted=False, level=0.95, kept=slice(None), segments=True):
    truth, baseline, candidate, region, weight = (column[kept] for column in rows)
    return compare(
        truth,
        baseline,
        candidate,
        baseline_threshold=0.5,
        candidate_threshold=0.45,
        segments={"region": Groups.of(region)} if segments else {},
        weight=weight if weighted else None,
        level=level,
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_a_segment_is_judged_as_its_rows_alone_would_be_at_the_widened_level(weighted):
    rows = drawn()
    whole = compared(rows, weighted=weighted)
    for metric in METRICS:
        by_name = {each.value: each for each in whole.segments_by(metric)}
        judged = [name for name, each in by_name.items() if each.low is not None]
        assert set(LARGE) <= set(judged)
        for name in LARGE:
            alone = compared(
                rows, weighted=weighted, level=1 - 0.05 / len(judged), kept=rows[3] == name, segments=False
            )
            expected = {measure.metric: measure for measure in alone.measures}[metric]
            shown = by_name[name]
            assert (shown.n, shown.level) == (expected.n, 0.95)
            assert [shown.baseline, shown.candidate, shown.difference, shown.low, shown.high] == pytest.approx(
                [expected.baseline, expected.candidate, expected.difference, expected.low, expected.high], abs=1e-9
            ), metric
            assert shown.method == f"{expected.method}, widened for {len(judged)} segments"


def test_what_a_segment_cannot_tell_is_named_with_its_reason_and_stands_last():
    whole = compared(drawn())
    for metric in METRICS:
        few = next(each for each in whole.segments_by(metric) if each.value == "few")
        assert (few.verdict, few.low) == ("too_small", None)
        assert "at least 30 are needed" in few.reason
    none = {metric: next(each for each in whole.segments_by(metric) if each.value == "none") for metric in METRICS}
    assert none["auc"].reason == "0 rows of the rarer class; at least 30 are needed"
    assert none["log_loss"].low is not None
    assert none["accuracy"].low is not None
    assert [each.low is None for each in whole.segments] == [False, False, False, True, True]


@pytest.mark.slow
def test_weighted_intervals_agree_with_a_bootstrap_over_rows():
    truth, baseline, candidate, _, weight = rows = drawn(seed=3, rows=700)

    def difference(kept):
        after = binary_metrics.measure(truth[kept], candidate[kept], 0.45, weight=weight[kept])
        before = binary_metrics.measure(truth[kept], baseline[kept], 0.5, weight=weight[kept])
        return [a.value - b.value for a, b in zip(after, before, strict=True)]

    draws = bootstrapped(difference, 700)
    for place, measure in enumerate(compared(rows, weighted=True, segments=False).measures):
        if measure.metric != "calibration_error":  # a bootstrap of the binned error has a bias of its own
            assert_agrees(measure, draws[:, place])


def test_equal_weights_change_no_value():
    rows = drawn()
    heavy = compared((*rows[:4], np.full(len(rows[0]), 2.5)), weighted=True)
    for plain, weighted in zip(compared(rows).measures, heavy.measures, strict=True):
        assert plain.difference == pytest.approx(weighted.difference, abs=1e-12)
        assert (plain.high - plain.low) == pytest.approx(weighted.high - weighted.low, rel=0.1)


def test_decisions_are_counted_in_each_segment():
    truth, baseline, candidate, region, _ = rows = drawn()
    whole = compared(rows)
    was, now = (baseline >= 0.5) == truth, (candidate >= 0.45) == truth
    for name, counts in whole.segment_decisions["region"].items():
        inside = region == name
        assert counts == {
            "both_right": (was & now)[inside].sum(),
            "fixed": (~was & now)[inside].sum(),
            "broken": (was & ~now)[inside].sum(),
            "both_wrong": (~was & ~now)[inside].sum(),
        }
    assert {
        kind: sum(each[kind] for each in whole.segment_decisions["region"].values()) for kind in whole.decisions
    } == (whole.decisions)


def test_two_threads_find_what_one_finds(monkeypatch):
    one = compared(drawn())
    monkeypatch.setattr(side_by_side, "_WORTH_A_THREAD", 0)
    assert compared(drawn()) == one


def test_segments_survive_json_and_may_be_left_out_of_it():
    whole = compared(drawn())
    stored = json.loads(json.dumps(whole.to_dict(), allow_nan=False))
    assert Comparison.from_dict(stored) == whole
    del stored["other_segments"], stored["segment_decisions"]
    bare = Comparison.from_dict(stored)
    assert bare == replace(whole, other_segments={}, segment_decisions={})
    assert (bare.segments_by("recall"), bare.segments_by("auc")) == (whole.segments, [])


def test_a_perfect_model_in_a_small_world_is_never_nan():
    truth = np.arange(80) % 2 == 0
    region = np.where(np.arange(80) < 40, "a", "b")
    whole = compare(
        truth,
        np.where(truth, 0.9, 0.1),
        np.where(truth, 0.8, 0.2) + np.arange(80) / 1000,
        baseline_threshold=0.5,
        candidate_threshold=0.5,
        segments={"region": Groups.of(region)},
        weight=np.linspace(1, 2, 80),
    )
    json.dumps(whole.to_dict(), allow_nan=False)
    auc = next(measure for measure in whole.measures if measure.metric == "auc")
    assert (auc.difference, auc.low, auc.verdict) == (0, None, "undefined")


def test_the_finding_counts_verdicts_and_names_the_surest_harm_first():
    truth, baseline, _, region, weight = drawn(rows=3000)
    candidate = np.where(region == "south", baseline * 0.6, baseline)
    found = finding(whole := compared((truth, baseline, candidate, region, weight)))
    verdicts = [measure.verdict for measure in whole.measures]
    assert (found.better, found.same, found.worse, found.undefined) == tuple(
        verdicts.count(verdict) for verdict in ("better", "same", "worse", "undefined")
    )
    assert found.measures == len(METRICS)
    assert (found.surest_harm.column, found.surest_harm.value, found.surest_harm.metric) == (
        "region",
        "south",
        "recall",
    )
    overall = [harm.metric for harm in found.harms if not harm.column]
    assert "auc" in overall
    assert set(overall) == {measure.metric for measure in whole.measures if measure.verdict == "worse"}


def test_nothing_that_gets_worse_is_no_harm():
    truth, baseline, _, region, weight = drawn()
    baseline = np.where((baseline >= 0.45) & (baseline < 0.5), 0.44, baseline)  # decided alike at either threshold
    found = finding(compared((truth, baseline, baseline, region, weight)))
    assert (found.same + found.worse + found.better, found.harms, found.surest_harm) == (len(METRICS), [], None)


@pytest.mark.parametrize("metric", ["accuracy", "recall"])
def test_models_that_decide_every_weighted_row_alike_are_not_said_to_be_surely_alike(metric: str) -> None:
    """As without weights: weights that are all alike make no difference."""
    truth = np.arange(40) % 2 == 0
    score = np.where(truth, 0.9, 0.1)
    score[:4] = 0.5
    told = [
        compare(truth, score, score, baseline_threshold=0.4, candidate_threshold=0.4, segments={}, weight=weight)
        for weight in (None, np.full(40, 2.0), np.where(np.arange(40) < 20, 5.0, 0.1))
    ]
    plain, doubled, uneven = (next(each for each in one.measures if each.metric == metric) for one in told)
    assert (doubled.low, doubled.high) == pytest.approx((plain.low, plain.high))
    assert uneven.high - uneven.low > plain.high - plain.low > 0
