from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidence.comparing.rankings import auc_difference
from evidence.intervals import Undefined, log_loss_difference, share_difference
from evidence.metrics.binary import row_log_loss
from evidence.quantiles import student_quantile

Z95 = stats.norm.ppf(0.975)
SCORES = st.sampled_from([0.05, 0.2, 0.2000001, 0.5, 0.8, 0.95])
PAIRED_ROWS = st.lists(st.tuples(st.booleans(), SCORES, SCORES), min_size=4, max_size=40).filter(
    lambda rows: 2 <= sum(truth for truth, _, _ in rows) <= len(rows) - 2
)


def split(rows):
    truth, baseline, candidate = zip(*rows, strict=True)
    return np.array(truth, dtype=bool), np.array(baseline), np.array(candidate)


def brute_force_delong(truth, baseline, candidate):
    """DeLong's covariance matrix straight from the pairwise kernel: O(positives × negatives)."""

    def kernel(score):
        above = score[truth][:, None] > score[~truth][None, :]
        return above + (score[truth][:, None] == score[~truth][None, :]) / 2

    kernels = [kernel(baseline), kernel(candidate)]
    positives, negatives = kernels[0].shape
    rows = np.cov(np.array([k.mean(axis=1) for k in kernels])) / positives
    columns = np.cov(np.array([k.mean(axis=0) for k in kernels])) / negatives
    covariance = rows + columns
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return kernels[1].mean() - kernels[0].mean(), np.sqrt(max(variance, 0))


def paired_scores(random, rows, shift=0.0):
    """Two correlated, informative models on the same rows."""
    truth = random.random(rows) < 0.3
    shared = random.normal(truth * 1.2, 1)
    baseline = shared + random.normal(0, 0.7, rows)
    candidate = shared + random.normal(truth * shift, 0.7, rows)
    return truth, 1 / (1 + np.exp(1 - baseline)), 1 / (1 + np.exp(1 - candidate))


@given(PAIRED_ROWS)
def test_delong_equals_the_pairwise_kernel_computation(rows):
    truth, baseline, candidate = split(rows)
    difference, error = brute_force_delong(truth, baseline, candidate)
    try:
        interval = auc_difference(truth, baseline, candidate)
    except Undefined:
        assert error == pytest.approx(0, abs=1e-7)
        return
    assert interval.difference == pytest.approx(difference, abs=1e-12)
    half_width = student_quantile(0.95, min(truth.sum(), (~truth).sum()) - 1) * error
    assert interval.low == pytest.approx(max(-1, difference - half_width), abs=1e-6)
    assert interval.high == pytest.approx(min(1, difference + half_width), abs=1e-6)


@given(PAIRED_ROWS)
def test_log_loss_interval_is_the_paired_t_interval_of_scipy(rows):
    truth, baseline, candidate = split(rows)
    change = row_log_loss(truth, candidate) - row_log_loss(truth, baseline)
    interval = log_loss_difference(truth, baseline, candidate)
    error = stats.sem(change)
    expected = stats.t(len(change) - 1, loc=change.mean(), scale=error).interval(0.95) if error else [0, 0]
    assert interval.difference == pytest.approx(change.mean(), abs=1e-12)
    if error:
        assert [interval.low, interval.high] == pytest.approx(list(expected), abs=1e-2 * error)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("freedom", "within"), [(1, 1e-9), (2, 1e-9), (3, 0.01), (10, 5e-5), (200, 1e-8)])
def test_student_quantile_is_that_of_scipy(level, freedom, within):
    assert student_quantile(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=within)


def test_share_interval_is_bonett_and_prices_formula():
    interval = share_difference(rows=50, fixed=9, broken=2)
    gain, loss = 10 / 52, 3 / 52
    half_width = Z95 * np.sqrt((gain + loss - (gain - loss) ** 2) / 52)
    assert interval.difference == pytest.approx(7 / 50)
    assert [interval.low, interval.high] == pytest.approx([gain - loss - half_width, gain - loss + half_width])


@given(st.integers(2, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n))))
def test_share_interval_holds_its_difference_and_never_collapses(counts):
    rows, fixed, broken = counts
    if fixed + broken > rows:
        with pytest.raises(ValueError, match="don't fit"):
            share_difference(rows, fixed, broken)
        return
    interval = share_difference(rows, fixed, broken)
    assert -1 <= interval.low <= interval.difference <= interval.high <= 1
    assert interval.high > interval.low


def test_share_interval_without_a_discordant_row_still_has_a_width():
    interval = share_difference(rows=100, fixed=0, broken=0)
    assert interval.difference == 0
    assert interval.high == -interval.low == pytest.approx(Z95 * np.sqrt(2) / 102)


def test_identical_scores_differ_by_exactly_nothing():
    truth, baseline, _ = paired_scores(np.random.default_rng(1), 200)
    for method in (auc_difference, log_loss_difference):
        interval = method(truth, baseline, baseline)
        assert (interval.difference, interval.low, interval.high) == (0, 0, 0)


def test_a_higher_level_gives_a_wider_interval():
    truth, baseline, candidate = paired_scores(np.random.default_rng(2), 200)
    for method in (auc_difference, log_loss_difference):
        usual, wide = method(truth, baseline, candidate), method(truth, baseline, candidate, 0.99)
        assert wide.low < usual.low < usual.high < wide.high


@pytest.mark.parametrize("method", [auc_difference, log_loss_difference])
@pytest.mark.slow
def test_interval_agrees_with_a_bootstrap_over_rows(method):
    random = np.random.default_rng(3)
    truth, baseline, candidate = paired_scores(random, 400, shift=0.4)
    draws = []
    for _ in range(400):
        rows = random.integers(0, len(truth), len(truth))
        draws.append(method(truth[rows], baseline[rows], candidate[rows]).difference)
    interval = method(truth, baseline, candidate)
    # 400 draws know a standard error to about 3.5 %; 20 % is far beyond chance.
    assert (interval.high - interval.low) / 2 == pytest.approx(Z95 * np.std(draws), rel=0.2)
    assert interval.difference == pytest.approx(np.mean(draws), abs=np.std(draws) / 4)


def test_one_class_leaves_the_auc_interval_undefined_and_says_why():
    with pytest.raises(Undefined, match="only one class among 3 rows"):
        auc_difference(np.ones(3, dtype=bool), np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.3]))


def test_a_single_positive_leaves_the_auc_interval_undefined():
    truth = np.array([True, False, False])
    with pytest.raises(Undefined, match="1 row of one class"):
        auc_difference(truth, np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1]))


def test_two_perfect_but_different_models_leave_the_auc_interval_undefined():
    truth = np.array([True, True, False, False])
    with pytest.raises(Undefined, match="no variation"):
        auc_difference(truth, np.array([0.9, 0.8, 0.2, 0.1]), np.array([0.8, 0.9, 0.2, 0.1]))


def test_one_row_leaves_the_other_intervals_undefined():
    one = np.array([0.5])
    with pytest.raises(Undefined, match="1 row;"):
        log_loss_difference(np.array([True]), one, one)
    with pytest.raises(Undefined, match="1 row;"):
        share_difference(1, 1, 0)


PAIRS = 400


def assert_covers_95_percent(hits):
    """Within four standard deviations of a binomial with 0.95, one more point allowed for small samples."""
    spread = 4 * np.sqrt(0.95 * 0.05 / len(hits))
    assert 0.94 - spread <= np.mean(hits) <= min(1.0, 0.96 + spread)


def test_delong_interval_covers_the_true_difference():
    random = np.random.default_rng(11)
    # Binormal model: AUC = Φ(mean distance / sqrt(2) / standard deviation), here sd = sqrt(1 + 0.49).
    spread = np.sqrt(2 * 1.49)
    true = stats.norm.cdf(1.6 / spread) - stats.norm.cdf(1.2 / spread)
    intervals = [auc_difference(*paired_scores(random, 300, shift=0.4)) for _ in range(PAIRS)]
    assert_covers_95_percent([interval.low <= true <= interval.high for interval in intervals])


def test_log_loss_interval_covers_the_true_difference():
    random = np.random.default_rng(12)
    true = log_loss_difference(*paired_scores(random, 2_000_000, shift=0.4)).difference
    intervals = [log_loss_difference(*paired_scores(random, 300, shift=0.4)) for _ in range(PAIRS)]
    assert_covers_95_percent([interval.low <= true <= interval.high for interval in intervals])


@pytest.mark.parametrize(("fixed", "broken"), [(0.10, 0.05), (0.02, 0.02), (0.3, 0.1)])
def test_share_interval_covers_the_true_difference(fixed, broken):
    random = np.random.default_rng(13)
    tables = random.multinomial(100, [fixed, broken, 1 - fixed - broken], size=2000)
    intervals = [share_difference(100, int(up), int(down)) for up, down, _ in tables]
    covered = np.mean([interval.low <= fixed - broken <= interval.high for interval in intervals])
    # With few discordant rows the method is on the safe side, as its authors report.
    assert 0.94 - 4 * np.sqrt(0.95 * 0.05 / 2000) <= covered <= 1.0
    assert np.mean([interval.high - interval.low for interval in intervals]) < 0.25
