"""What a model's features are worth to it: how much worse it gets when one is shuffled (permutation importance).

Breiman (2001), Machine Learning 45:5-32; as an estimate of "model reliance" Fisher, Rudin & Dominici (2019), J. of
Machine Learning Research 20(177). Each row is given the feature of other rows, all else staying as it is. It tells
what the model leans on, not what the world does. Of features that tell the same each looks less important than they
are together, and shuffling one of them makes rows that no one has ever seen: so small importances are weak evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.metrics import BINARY, METRICS, MULTICLASS, REGRESSION
from evidence.metrics.means import Estimate, Floats, mean_estimate
from evidence.metrics.multiclass import decisions
from evidence.metrics.scored import auc_estimate, row_log_loss, scored
from evidence.quantiles import student_quantile

Places = npt.NDArray[np.intp]

#: By which metrics it is judged what shuffling costs, the plainest first.
IMPORTANCE_METRICS = {BINARY: ("log_loss", "auc"), MULTICLASS: ("accuracy",), REGRESSION: ("mae",)}
METHOD = "permutation, 95% interval over rows as receivers and as givers"

REPEATS = 5
SEED = 20_010_131
MOST_ROWS = 2_000
LEAST_ROWS = 50
#: Of all features together; with many features fewer rows are taken.
MOST_PREDICTIONS = 2_000_000

# Models compute in 32-bit floats, and not every batch sums in the same order.
ROUNDING_RELATIVE, ROUNDING_ABSOLUTE = 1e-6, 1e-7


@dataclass(frozen=True)
class Reliance:
    """By how much the metric gets worse when the feature is shuffled, and the 95% interval; below 0: better."""

    feature: str
    drop: float
    low: float
    high: float


@dataclass(frozen=True)
class Finding:
    """One metric's `value` on the sampled rows as they are, and every feature's importance to it, largest first."""

    metric: str
    value: float
    features: tuple[Reliance, ...]
    method: str = METHOD

    @classmethod
    def of(cls, metric: str, value: float, features: Sequence[Reliance]) -> Finding:
        return cls(metric, value, tuple(sorted(features, key=lambda each: (-each.drop, each.feature))))

    def shares(self) -> dict[str, float]:
        """Each feature's share of all importances above 0; empty when none is."""
        total = sum(max(0.0, each.drop) for each in self.features)
        return {each.feature: max(0.0, each.drop) / total for each in self.features} if total > 0 else {}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Finding:
        return cls(**{**told, "features": tuple(Reliance(**each) for each in told["features"])})


@dataclass(frozen=True)
class Shuffling:
    """Which rows are taken, `rows[n]` in random order, and for each feature by how many places its values are moved
    around among them in each repeat, `shifts[features, REPEATS]`: different ones, none of them 0.

    In random order a move by some places is a permutation in which no row keeps its own value, and over the repeats
    each row gives and gets equally often, always with another row.
    """

    rows: Places
    shifts: Places
    seed: int

    @classmethod
    def draw(cls, rows: int, features: int, seed: int = SEED) -> Shuffling:
        """Raises ValueError when there are too few rows, or too many features for as many as are needed."""
        count = min(rows, MOST_ROWS, MOST_PREDICTIONS // (max(1, features) * REPEATS))
        if count < LEAST_ROWS:
            raise ValueError(f"{rows:,} rows and {features:,} features leave {count:,} rows; it takes {LEAST_ROWS}")
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(rows)[:count]
        shifts = np.array([rng.choice(np.arange(1, count), REPEATS, replace=False) for _ in range(features)])
        return cls(chosen, shifts, seed)

    def inputs(self, columns: Mapping[str, npt.NDArray[Any]], features: Sequence[int]) -> dict[str, npt.NDArray[Any]]:
        """The rows once for each repeat of each of these features (by place), that feature moved; features after
        one another, and within each its repeats. `columns` hold all rows of the dataset."""
        found = {}
        for place, (name, values) in enumerate(columns.items()):
            own = values[self.rows]
            blocks = [
                np.roll(own, -shift) if feature == place else own
                for feature in features
                for shift in self.shifts[feature]
            ]
            found[name] = np.concatenate(blocks)
        return found


def steady(shuffled: Floats, usual: Floats) -> Floats:
    """`shuffled[repeats, n, …]`, and exactly `usual[n, …]` where they differ by rounding only."""
    same = np.isclose(shuffled, usual, rtol=ROUNDING_RELATIVE, atol=ROUNDING_ABSOLUTE)
    return np.where(same, usual, shuffled)


def estimate_of(metric: str, truth: npt.NDArray[Any], scores: Floats, weight: Floats | None = None) -> Estimate:
    """One of `IMPORTANCE_METRICS`, of `scores` as `Prediction` has them; an AUC needs rows of both classes."""
    if metric == "auc":
        return auc_estimate(scored(truth, scores, 0.5, weight))
    if metric == "log_loss":
        return mean_estimate(row_log_loss(truth, scores), weight)
    if metric == "accuracy":
        return mean_estimate(decisions(scores) == truth, weight)
    return mean_estimate(np.abs(scores - truth), weight)


def reliance_of(feature: str, metric: str, usual: Estimate, shuffled: Sequence[Estimate], shifts: Places) -> Reliance:
    """The importance of one feature: `usual` is of the rows as they are, `shuffled` of each repeat, moved by `shifts`.

    A row counts twice: it receives a value and it gives its own. So its influence is the mean of what it lost as
    receiver and of what others lost by its value; from their variance goes what these few repeats add by chance
    (analysis of variance of receivers × givers, each pair met once). Student's t over the rows.
    """
    sign = 1.0 if METRICS[metric].direction == "lower" else -1.0
    drops = np.array([sign * (each.value - usual.value) for each in shuffled])
    drop = float(drops.mean())
    influence = np.array([each.influence for each in shuffled]) - usual.influence
    moved = sign * influence + (drops - drop)[:, None]
    given = np.mean([np.roll(row, shift) for row, shift in zip(moved, shifts, strict=True)], axis=0)
    rows = len(usual.influence)
    variance = float(np.var(moved.mean(axis=0) + given, ddof=1)) - float(np.var(moved)) / len(shuffled)
    half_width = student_quantile(0.95, rows - 1) * sqrt(max(0.0, variance) / rows)
    return Reliance(feature, drop, drop - half_width, drop + half_width)
