"""How far two columns of scores are from each other, row by row or as distributions.

Arrays have one entry per row, at least one; `weight` (> 0) says how much each row counts.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from evidence.metrics.means import Floats, weighted_mean

SHIFT_BINS = 10
# Half a row is added to every bin, so that an empty one doesn't make the index infinite.
ADDED_ROWS = 0.5


def score_stability_index(baseline: Floats, candidate: Floats, weight: Floats | None = None) -> float:
    """The population stability index of the candidate's scores, binned at the deciles of the baseline's.

    Deciles that coincide make fewer bins; a score on an edge belongs to the lower bin.
    """
    edges = decile_edges(baseline)
    before, after = (
        np.bincount(np.searchsorted(edges, scores), weights=weight, minlength=len(edges) + 1).astype(np.float64)
        for scores in (baseline, candidate)
    )
    return stability_index(before, after)


def decile_edges(values: Floats) -> Floats:
    """The distinct last values of all tenths of the values but the highest tenth; at most nine."""
    # Ranks in whole numbers: 0.3 · n in floating point can be just above what it should be.
    ranks = -(-np.arange(1, SHIFT_BINS) * len(values) // SHIFT_BINS) - 1
    return np.unique(np.partition(values, ranks)[ranks])


def stability_index(before: Floats, after: Floats) -> float:
    """Σ (q - p) ln(q/p) over bins with the shares p before and q after, from (weighted) counts, `ADDED_ROWS` added.

    Lewis (1994), An Introduction to Credit Scoring. It is 0 for equal shares; it has no upper bound.
    """
    was, now = (counts + ADDED_ROWS for counts in (before, after))
    was, now = was / was.sum(), now / now.sum()
    return float(((now - was) * np.log(now / was)).sum())


def kolmogorov_smirnov(baseline: Floats, candidate: Floats, weight: Floats | None = None) -> float:
    """The largest distance between the two cumulative distributions of scores, from 0 to 1."""
    every = np.unique(np.concatenate([baseline, candidate]))
    before, after = (_cumulated(scores, every, weight) for scores in (baseline, candidate))
    return float(np.abs(after - before).max())


def _cumulated(scores: Floats, at: Floats, weight: Floats | None) -> Floats:
    """The share of rows that score at most so much, at every distinct score `at`."""
    counts = np.bincount(np.searchsorted(at, scores), weights=weight, minlength=len(at))
    cumulated: Floats = np.cumsum(counts) / counts.sum()
    return cumulated


def pearson(baseline: Floats, candidate: Floats, weight: Floats | None = None) -> float | None:
    """The linear correlation from -1 to 1; None when one of them is the same for all rows."""
    if np.ptp(baseline) == 0 or np.ptp(candidate) == 0:
        return None
    before, after = (scores - weighted_mean(scores, weight) for scores in (baseline, candidate))
    # Scaled first, so that squares of tiny or huge numbers neither vanish nor overflow.
    before, after = before / np.abs(before).max(), after / np.abs(after).max()
    together, alone, other = (weighted_mean(rows, weight) for rows in (before * after, before**2, after**2))
    return max(-1.0, min(1.0, together / sqrt(alone * other)))


def spearman(baseline: Floats, candidate: Floats, weight: Floats | None = None) -> float | None:
    """The correlation of the ranks, where equal scores share a rank; None as for `pearson`.

    A row's weighted rank is the weight below it and half of that at its score.
    """
    return pearson(_ranks(baseline, weight), _ranks(candidate, weight), weight)


def _ranks(scores: Floats, weight: Floats | None) -> Floats:
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    at = count if weight is None else np.bincount(place, weights=weight)
    ranks: Floats = (np.cumsum(at) - at / 2)[place]
    return ranks
