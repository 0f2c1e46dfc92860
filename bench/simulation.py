"""Pairs of models drawn anew again and again, to see how often an interval holds the true difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from evidence.comparing import binary, regression
from evidence.comparison import Comparison
from evidence.differences import Difference, judge_no_regression
from evidence.metrics import METRICS

Floats = npt.NDArray[np.float64]
Rows = tuple[Floats, Floats, Floats]

#: So many rows stand for the truth: their own error is then 1/45 of that of 1,000 rows.
TRUE_ROWS = 2_000_000

# How much higher positives score, in standard deviations of what both models know.
_APART = 1.5


@dataclass(frozen=True, eq=False)
class Scenario:
    """Two models of the same rows: `draw(random, rows)` gives truth, baseline and candidate, `compare` judges them.

    `threshold` is what yes/no models decide at, None for numbers. `exact` has the true differences, by metric, that a
    formula knows: no sample then has to stand for the truth.
    """

    name: str
    draw: Callable[[np.random.Generator, int], Rows]
    compare: Callable[[Rows], Comparison]
    threshold: float | None = None
    exact: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Tally:
    """Of one metric: how the intervals of so many pairs fare against what is true.

    `judged` pairs had an interval; it lay wholly `above` or `below` the true difference of so many. Where the candidate
    is truly worse, a gate was asked whether it is, by a margin of just as much: of these `at_margin` some `passed` and
    some `failed`. `named_small` intervals say that they rest on few rows.
    """

    pairs: int = 0
    judged: int = 0
    above: int = 0
    below: int = 0
    at_margin: int = 0
    passed: int = 0
    failed: int = 0
    named_small: int = 0
    widths: list[float] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)

    @property
    def coverage(self) -> float:
        """The share of intervals that hold what is true."""
        return 1 - (self.above + self.below) / self.judged

    def count(self, measure: Difference, true: float) -> None:
        """One pair more."""
        self.pairs += 1
        if measure.low is None or measure.high is None or measure.difference is None:
            return
        self.judged += 1
        self.named_small += "small sample" in measure.method
        self.above += measure.low > true
        self.below += measure.high < true
        self.widths.append(measure.high - measure.low)
        self.differences.append(measure.difference)
        harm = -true if METRICS[measure.metric].direction == "higher" else true
        if harm >= 0:
            outcome = judge_no_regression(measure, harm).outcome
            self.at_margin += 1
            self.passed += outcome == "passed"
            self.failed += outcome == "failed"


def scores(prevalence: float, threshold: float) -> Scenario:
    """Two yes/no models that share much of what they know; the candidate knows a little less."""
    prior, noises = np.log(prevalence / (1 - prevalence)), (0.5, 0.7)

    def draw(random: np.random.Generator, rows: int) -> Rows:
        truth = (random.random(rows) < prevalence).astype(np.float64)
        shared = random.normal(truth * _APART, 1)
        one, other = (shared + random.normal(0, spread, rows) for spread in noises)
        baseline, candidate = (1 / (1 + np.exp(-prior - 1.1 * (latent - 0.75))) for latent in (one, other))
        return truth, baseline, candidate

    def compare(rows: Rows) -> Comparison:
        truth, baseline, candidate = rows
        return binary.compare(
            truth.astype(np.bool_),
            baseline,
            candidate,
            baseline_threshold=threshold,
            candidate_threshold=threshold,
            segments={},
        )

    return Scenario(
        f"yes/no, {prevalence:.0%} positive", draw, compare, threshold, {"auc": _auc(noises[1]) - _auc(noises[0])}
    )


def _auc(noise: float) -> float:
    """Of a normal score with deviation 1 and noise besides, `_APART` higher for positives: the binormal model's AUC."""
    return NormalDist().cdf(_APART / (2 * (1 + noise**2)) ** 0.5)


def numbers(name: str, residual: Callable[[np.random.Generator, int], Floats]) -> Scenario:
    """Two models of a positive number, off by a share of it: `residual(random, rows)` has a standard scale."""

    def draw(random: np.random.Generator, rows: int) -> Rows:
        truth = random.gamma(5, 30, rows) + 20
        shared = residual(random, rows)
        baseline, candidate = (
            truth * (1 + 0.08 * shared + scale * residual(random, rows) + bias)
            for scale, bias in ((0.08, 0.01), (0.10, 0.03))
        )
        return truth, baseline, candidate

    def compare(rows: Rows) -> Comparison:
        truth, baseline, candidate = rows
        return regression.compare(truth, baseline, candidate, segments={})

    return Scenario(f"numbers, {name}", draw, compare)


def tally(scenario: Scenario, true: dict[str, float], *, rows: int, pairs: int, seed: int) -> dict[str, Tally]:
    """By metric: how the intervals of so many pairs, each of so many rows, fare against the `true` differences."""
    found = {metric: Tally() for metric in true}
    for compared in simulated(scenario, rows=rows, pairs=pairs, seed=seed):
        for measure in compared.measures:
            found[measure.metric].count(measure, true[measure.metric])
    return found


def simulated(scenario: Scenario, *, rows: int, pairs: int, seed: int) -> Iterator[Comparison]:
    """So many comparisons of freshly drawn rows."""
    random = np.random.default_rng(seed)
    for _ in range(pairs):
        yield scenario.compare(scenario.draw(random, rows))


SCENARIOS = (
    scores(0.3, 0.5),
    scores(0.05, 0.2),
    numbers("normal residuals", lambda random, rows: random.normal(size=rows)),
    numbers("heavy tails", lambda random, rows: random.standard_t(5, rows)),
)
