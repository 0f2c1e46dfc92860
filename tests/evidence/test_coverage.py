"""Intervals hold the true difference as often as they say, and gates err as seldom, over thousands of drawn pairs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.coverage import PAIRS, tallied
from bench.simulation import SCENARIOS, scores
from evidence.comparing.rankings import auc_difference

pytestmark = pytest.mark.slow

HELD = [
    (scenario, metric)
    for scenario in SCENARIOS
    for metric in (
        ("auc", "average_precision", "accuracy", "f1", "log_loss")
        if scenario.threshold is not None
        else ("rmspe", "rmse", "mae", "r2")
    )
]
# One-sided errors of R² lean to one side: at 1,000 rows 3.5% of gates at the margin passed, heavy tails or not.
GATED = [(scenario, metric) for scenario, metric in HELD if metric != "r2"]


def named(cases):
    return pytest.mark.parametrize(("scenario", "metric"), cases, ids=[f"{each.name}-{key}" for each, key in cases])


@named(HELD)
def test_an_interval_holds_the_true_difference_in_95_of_100_pairs(scenario, metric):
    found = tallied(scenario)[metric]
    assert found.judged == found.pairs == PAIRS
    assert found.coverage == pytest.approx(0.95, abs=0.015)


@named(GATED)
def test_a_loss_of_just_the_margin_passes_and_fails_as_seldom_as_it_may(scenario, metric):
    found = tallied(scenario)[metric]
    assert found.at_margin == PAIRS
    assert found.passed / PAIRS <= 0.025 + 0.008
    assert found.failed / PAIRS <= 0.025 + 0.008


@named([(scenario, metric) for scenario in SCENARIOS[:2] for metric in ("recall", "calibration_error")])
def test_what_few_rows_decide_is_held_at_least_as_often_as_it_says(scenario, metric):
    assert tallied(scenario)[metric].coverage >= 0.935


def test_intervals_are_no_wider_than_the_spread_of_the_differences_asks_for():
    found = tallied(SCENARIOS[0])
    for metric in ("auc", "average_precision", "accuracy", "f1", "log_loss"):
        asked = 2 * 1.96 * np.std(found[metric].differences)
        assert np.mean(found[metric].widths) == pytest.approx(asked, rel=0.06), metric


def test_f1_of_few_positive_rows_holds_less_often_and_is_named_a_small_sample():
    rare = SCENARIOS[1]
    found = tallied(rare, rows=400, pairs=600)["f1"]
    assert found.coverage < 0.935
    assert found.named_small == found.judged
    assert tallied(rare)["f1"].named_small < PAIRS


def brute_force_auc(truth, score):
    above = score[truth][:, None] - score[~truth][None, :]
    return float(((above > 0) + (above == 0) / 2).mean())


def structural_components(truth, score):
    """Of each positive the share of negatives below it, of each negative the share of positives above it: loops."""
    positives, negatives = score[truth], score[~truth]
    wins = [[(p > n) + (p == n) / 2 for n in negatives] for p in positives]
    return [sum(row) / len(negatives) for row in wins], [
        sum(column) / len(positives) for column in zip(*wins, strict=True)
    ]


def test_delongs_variance_is_that_of_structural_components_summed_in_loops():
    truth, baseline, candidate = scores(0.3, 0.5).draw(np.random.default_rng(5), 150)
    truth, baseline, candidate = truth.astype(bool), np.round(baseline, 1), np.round(candidate, 1)
    components = [structural_components(truth, each) for each in (baseline, candidate)]
    variance = 0.0
    for side in (0, 1):
        change = [after - before for before, after in zip(components[0][side], components[1][side], strict=True)]
        mean = sum(change) / len(change)
        variance += sum((each - mean) ** 2 for each in change) / (len(change) - 1) / len(change)
    interval = auc_difference(truth, baseline, candidate)
    wide = stats.t.ppf(0.975, min(truth.sum(), (~truth).sum()) - 1)
    assert (interval.high - interval.low) / 2 == pytest.approx(wide * variance**0.5, rel=1e-5)
    true = brute_force_auc(truth, candidate) - brute_force_auc(truth, baseline)
    assert interval.difference == pytest.approx(true, abs=1e-12)


def test_delongs_interval_is_as_wide_as_a_bootstrap_within_each_class():
    truth, baseline, candidate = scores(0.3, 0.5).draw(np.random.default_rng(6), 400)
    truth, random = truth.astype(bool), np.random.default_rng(7)
    draws = []
    for _ in range(800):
        rows = np.concatenate([random.choice(np.flatnonzero(kind), kind.sum()) for kind in (truth, ~truth)])
        drawn = truth[rows]
        draws.append(brute_force_auc(drawn, candidate[rows]) - brute_force_auc(drawn, baseline[rows]))
    interval = auc_difference(truth, baseline, candidate)
    # 800 draws know a standard error to 2.5 %.
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * np.std(draws), rel=0.1)
