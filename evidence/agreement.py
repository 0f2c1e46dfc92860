"""What two versions say about the same rows, where nobody knows the truth yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.agreement_by_segment import SegmentAgreement, distances_by_segment, shares_by_segment
from evidence.group_shares import group_shares
from evidence.groups import Groups
from evidence.intervals import Undefined, influence_interval
from evidence.judging import Predicted
from evidence.metrics import BINARY, MULTICLASS, REGRESSION
from evidence.metrics.by_group import group_sums
from evidence.metrics.means import Floats, mean_estimate, weighted_mean
from evidence.metrics.multiclass import decisions
from evidence.score_intervals import wilson
from evidence.score_shift import kolmogorov_smirnov, pearson, score_stability_index, spearman, stability_index

LARGEST_SHOWN = 20
MOVES_SHOWN = 10

Decisions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Figure:
    """A value with its interval, made by `method` at the level of the whole result; no ends without an interval."""

    value: float
    low: float | None = None
    high: float | None = None
    method: str = ""


@dataclass(frozen=True)
class Move:
    """So many rows are decided `after` by the candidate and `before` by the baseline."""

    before: str
    after: str
    n: int


@dataclass(frozen=True)
class Disagreement:
    """One row, counted from 0 in the dataset's order, and what both versions say of it: a score, number or class.

    `distance` is that of both numbers; of several classes' probabilities half the sum of their distances, from 0 to 1.
    """

    row: int
    distance: float
    baseline: float | str
    candidate: float | str


@dataclass(frozen=True)
class Agreement:
    """Two versions' predictions of the same `n` rows. What the task hasn't is None or empty.

    `alike` is the share of rows decided alike, `decided_yes` the shares decided "yes" by baseline and candidate,
    `moves` the most frequent changes of a decision. `mean_difference` is that of the scores or numbers (candidate -
    baseline), `mean_distance` their mean distance. `stability_index` and `kolmogorov_smirnov` compare distributions:
    of scores or numbers; of several classes how often each is decided, and the probabilities of the class
    (`shifted_most`) that moved most. `segments` has `alike`, or for numbers `mean_distance`, by segment, the least
    agreement first. `largest` are the rows farthest apart.
    """

    task: str
    n: int
    level: float
    stability_index: float
    kolmogorov_smirnov: float | None = None
    shifted_most: str = ""
    alike: Figure | None = None
    decided_yes: tuple[float, float] | None = None
    mean_difference: Figure | None = None
    mean_distance: Figure | None = None
    pearson: float | None = None
    spearman: float | None = None
    moves: list[Move] = field(default_factory=list)
    segments: list[SegmentAgreement] = field(default_factory=list)
    largest: list[Disagreement] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives an equal Agreement back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Agreement:
        """The Agreement that `to_dict` turned into `stored`. Raises TypeError on missing or unknown keys."""
        figures = {key: Figure(**stored[key]) for key in _FIGURES if stored[key] is not None}
        lists = {key: [kind(**each) for each in stored[key]] for key, kind in _LISTS.items()}
        yes = stored["decided_yes"]
        return cls(**{**stored, **figures, **lists, "decided_yes": yes and tuple(yes)})


_FIGURES = ("alike", "mean_difference", "mean_distance")
_LISTS: dict[str, type] = {"moves": Move, "segments": SegmentAgreement, "largest": Disagreement}


@dataclass(frozen=True)
class _Asked:
    """What every task is asked alike."""

    segments: Mapping[str, Groups]
    weight: Floats | None
    largest: int
    level: float


def agree(
    task: str,
    baseline: Predicted,
    candidate: Predicted,
    segments: Mapping[str, Groups],
    *,
    classes: Sequence[str] = (),
    weight: Floats | None = None,
    largest: int = LARGEST_SHOWN,
    level: float = 0.95,
) -> Agreement:
    """Set two versions' predictions of the same rows against each other; no truth is needed.

    `classes` names a multiclass model's classes in order; `weight` says how much a row counts. Intervals by segment
    are Bonferroni-widened so that all of them hold together at `level`. Raises ValueError when shapes differ,
    something isn't finite, there is no row, or the task is unknown.
    """
    _check(baseline.scores, candidate.scores)
    asked = _Asked(segments, weight, largest, level)
    if task == BINARY:
        return _agree_binary(baseline, candidate, asked)
    if task == MULTICLASS:
        return _agree_classes(baseline.scores, candidate.scores, classes, asked)
    if task == REGRESSION:
        return _agree_numbers(baseline.scores, candidate.scores, asked)
    raise ValueError(f"there is no task {task!r}; there are {BINARY}, {MULTICLASS} and {REGRESSION}")


def _check(baseline: Floats, candidate: Floats) -> None:
    if len(baseline) != len(candidate):
        raise ValueError(f"the predictions differ in length: {len(baseline):,} and {len(candidate):,} rows")
    if not len(baseline):
        raise ValueError("there is no row to compare predictions of")
    if not (np.isfinite(baseline).all() and np.isfinite(candidate).all()):
        raise ValueError("a prediction is not a finite number")


def _agree_binary(baseline: Predicted, candidate: Predicted, asked: _Asked) -> Agreement:
    weight = asked.weight
    before, after = baseline.scores >= baseline.decides_at, candidate.scores >= candidate.decides_at
    return Agreement(
        task=BINARY,
        n=len(before),
        level=asked.level,
        alike=_share(before == after, weight, asked.level),
        decided_yes=(weighted_mean(before, weight), weighted_mean(after, weight)),
        moves=_moves(before.astype(np.intp), after.astype(np.intp), ("no", "yes")),
        segments=shares_by_segment(before == after, asked.segments, weight, asked.level),
        **_of_numbers(baseline.scores, candidate.scores, asked),
    )


def _agree_numbers(baseline: Floats, candidate: Floats, asked: _Asked) -> Agreement:
    return Agreement(
        task=REGRESSION,
        n=len(baseline),
        level=asked.level,
        segments=distances_by_segment(np.abs(candidate - baseline), asked.segments, asked.weight, asked.level),
        **_of_numbers(baseline, candidate, asked),
    )


def _of_numbers(baseline: Floats, candidate: Floats, asked: _Asked) -> dict[str, Any]:
    """What scores and numbers have in common, by the names of `Agreement`."""
    apart, weight = np.abs(candidate - baseline), asked.weight
    return {
        "stability_index": score_stability_index(baseline, candidate, weight),
        "kolmogorov_smirnov": kolmogorov_smirnov(baseline, candidate, weight),
        "mean_difference": _mean(candidate - baseline, weight, asked.level),
        "mean_distance": _mean(apart, weight, asked.level),
        "pearson": pearson(baseline, candidate, weight),
        "spearman": spearman(baseline, candidate, weight),
        "largest": [
            Disagreement(int(row), float(apart[row]), float(baseline[row]), float(candidate[row]))
            for row in _farthest(apart, asked.largest)
        ],
    }


def _agree_classes(baseline: Floats, candidate: Floats, classes: Sequence[str], asked: _Asked) -> Agreement:
    weight = asked.weight
    before, after = decisions(baseline), decisions(candidate)
    counts = [group_sums(Groups(tuple(classes), each.astype(np.uint16)), weight) for each in (before, after)]
    both_likely = baseline.ndim == candidate.ndim == 2
    # Classes alone are either the same or wholly apart.
    apart = np.abs(candidate - baseline).sum(axis=1) / 2 if both_likely else (before != after).astype(np.float64)
    shifted = (
        [kolmogorov_smirnov(*columns, weight) for columns in zip(baseline.T, candidate.T, strict=True)]
        if both_likely
        else []
    )
    return Agreement(
        task=MULTICLASS,
        n=len(before),
        level=asked.level,
        stability_index=stability_index(counts[0], counts[1]),
        kolmogorov_smirnov=max(shifted, default=None),
        shifted_most=classes[int(np.argmax(shifted))] if shifted else "",
        alike=_share(before == after, weight, asked.level),
        mean_distance=_mean(apart, weight, asked.level) if both_likely else None,
        moves=_moves(before, after, classes),
        segments=shares_by_segment(before == after, asked.segments, weight, asked.level),
        largest=[
            Disagreement(int(row), float(apart[row]), classes[before[row]], classes[after[row]])
            for row in _farthest(apart, asked.largest)
        ],
    )


def _share(alike: npt.NDArray[np.bool_], weight: Floats | None, level: float) -> Figure:
    everywhere = Groups(("",), np.zeros(len(alike), dtype=np.uint16))
    one = group_shares(alike, np.ones_like(alike), everywhere, weight)
    found = wilson(one.share[0], one.worth[0], level)
    method = "Wilson score" if weight is None else "delta method within Wilson's score"
    return Figure(float(one.share[0]), float(found.low), float(found.high), method)


def _mean(rows: Floats, weight: Floats | None, level: float) -> Figure:
    found = mean_estimate(rows, weight)
    method = "Student t" if weight is None else "delta method"
    try:
        interval = influence_interval(found.value, found.influence, method, level)
    except Undefined:
        return Figure(found.value)
    return Figure(found.value, interval.low, interval.high, interval.method)


def _moves(before: Decisions, after: Decisions, classes: Sequence[str]) -> list[Move]:
    """Changes of a decision, the most frequent first; at a tie in the order of the classes."""
    moved = before != after
    codes, rows = np.unique(before[moved] * len(classes) + after[moved], return_counts=True)
    kept = np.argsort(-rows, kind="stable")[:MOVES_SHOWN]
    pairs = [divmod(int(code), len(classes)) for code in codes[kept]]
    return [Move(classes[old], classes[to], int(n)) for (old, to), n in zip(pairs, rows[kept], strict=True)]


def _farthest(apart: Floats, most: int) -> Decisions:
    """The rows that are farthest apart, the first of them first at a tie; rows that agree wholly aren't among them."""
    if most < 1:
        return np.array([], dtype=np.intp)
    # Only what can be among them is sorted: there may be millions of rows.
    least = np.partition(apart, -most)[-most] if most < len(apart) else 0.0
    rows = np.flatnonzero((apart >= least) & (apart > 0))
    return rows[np.argsort(-apart[rows], kind="stable")[:most]]
