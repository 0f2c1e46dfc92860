"""How often 95% intervals hold the true difference, by simulation: `python -m bench.coverage` prints the table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from sklearn import metrics as oracle

from bench.simulation import SCENARIOS, TRUE_ROWS, Floats, Rows, Scenario, Tally, tally

ROWS, PAIRS = 1_000, 2_000
_SEED_OF_TRUTH, _SEED = 31, 37


@cache
def tallied(scenario: Scenario, rows: int = ROWS, pairs: int = PAIRS) -> dict[str, Tally]:
    """By metric: how many of the intervals of `pairs` pairs hold the true difference."""
    true = true_differences(scenario.draw(np.random.default_rng(_SEED_OF_TRUTH), TRUE_ROWS), scenario.threshold)
    return tally(scenario, true | dict(scenario.exact), rows=rows, pairs=pairs, seed=_SEED)


def true_differences(rows: Rows, threshold: float | None) -> dict[str, float]:
    """By metric, candidate - baseline on so many rows that they stand for all; computed by scikit-learn."""
    truth, *models = rows
    measured = _of_numbers if threshold is None else _of_scores
    before, after = (measured(truth, each, threshold or 0.0) for each in models)
    return {metric: after[metric] - before[metric] for metric in after}


def _of_scores(truth: Floats, score: Floats, threshold: float) -> dict[str, float]:
    decided = score >= threshold
    return {
        "auc": oracle.roc_auc_score(truth, score),
        "average_precision": oracle.average_precision_score(truth, score),
        "accuracy": oracle.accuracy_score(truth, decided),
        "precision": oracle.precision_score(truth, decided),
        "recall": oracle.recall_score(truth, decided),
        "f1": oracle.f1_score(truth, decided),
        "log_loss": oracle.log_loss(truth, score),
        "brier": oracle.brier_score_loss(truth, score),
        "calibration_error": _calibration_error(truth, score),
    }


def _calibration_error(truth: Floats, score: Floats) -> float:
    """By a loop over ten bins."""
    bins = np.minimum((score * 10).astype(int), 9)
    gaps = [abs((score - truth)[bins == each].sum()) for each in range(10)]
    return float(sum(gaps) / len(score))


def _of_numbers(truth: Floats, prediction: Floats, _threshold: float) -> dict[str, float]:
    return {
        "rmspe": oracle.root_mean_squared_error(np.ones_like(truth), prediction / truth),
        "mape": oracle.mean_absolute_percentage_error(truth, prediction),
        "rmse": oracle.root_mean_squared_error(truth, prediction),
        "mae": oracle.mean_absolute_error(truth, prediction),
        "r2": oracle.r2_score(truth, prediction),
        "mean_signed_error": abs(float((prediction - truth).mean())),  # compared by its distance from zero
    }


def figures(rows: int = ROWS) -> Iterator[str]:
    """A line for each scenario and metric; passed and failed: by a gate whose margin is just the true loss."""
    yield f"{PAIRS:,} pairs of {rows:,} rows; a share of 95 % is known to within 1.0 point"
    sides = f"{'covered':>9}{'above':>7}{'below':>7}{'passed':>8}{'failed':>8}"
    yield f"{'scenario':<26} {'metric':<18}{sides}{'judged':>8}"
    for scenario in SCENARIOS:
        for metric, found in tallied(scenario, rows).items():
            yield f"{scenario.name:<26} {metric:<18}{_shares(found)}{found.judged:>8,}"


def _shares(found: Tally) -> str:
    sides = f"{found.coverage:>9.1%}{found.above / found.judged:>7.1%}{found.below / found.judged:>7.1%}"
    if not found.at_margin:
        return f"{sides}{'–':>8}{'–':>8}"
    return f"{sides}{found.passed / found.at_margin:>8.1%}{found.failed / found.at_margin:>8.1%}"


if __name__ == "__main__":
    for line in figures():
        print(line)
