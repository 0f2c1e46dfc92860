"""Whether a yes/no model treats the groups of one column alike, and how sure that is.

Everything is about the version itself, at its threshold, without a baseline. Which measure matters, and how far groups
may be apart, is the policy's to say: `judge_fairness` only holds a measure against its limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from evidence.differences import Judgement
from evidence.group_shares import GroupShares, Pair, farthest_pair, group_shares
from evidence.groups import Groups, Mask
from evidence.metrics.means import Floats
from evidence.score_intervals import wilson
from evidence.single_intervals import further_rows

SELECTION, TRUE_POSITIVE, FALSE_POSITIVE = "selection_rate", "true_positive_rate", "false_positive_rate"

#: Each rate: its title, and the rows of a group that it is a share of.
RATES = {
    SELECTION: ("Selection rate", "rows"),
    TRUE_POSITIVE: ("True positive rate", "positive rows"),
    FALSE_POSITIVE: ("False positive rate", "negative rows"),
}

# A share of fewer rows than this says next to nothing about a group: it is named, not judged.
LEAST_ROWS = 30
# Every group is set against every other; beyond this a column is hardly one of groups of people.
MOST_GROUPS = 1_000


@dataclass(frozen=True)
class FairnessMeasure:
    """How far apart groups are in `rates`: by their ratio (best at 1) or their difference (best at 0)."""

    key: str
    title: str
    rates: tuple[str, ...]
    is_ratio: bool = False


MEASURES: dict[str, FairnessMeasure] = {
    measure.key: measure
    for measure in (
        FairnessMeasure("selection_rate_difference", "Selection rate difference", (SELECTION,)),
        FairnessMeasure("selection_rate_ratio", "Selection rate ratio", (SELECTION,), is_ratio=True),
        FairnessMeasure("equal_opportunity", "Equal opportunity difference", (TRUE_POSITIVE,)),
        FairnessMeasure("equalised_odds", "Equalised odds difference", (TRUE_POSITIVE, FALSE_POSITIVE)),
    )
}


@dataclass(frozen=True)
class Rate:
    """One group's share among the `n` rows that count for it.

    [low, high] is its own interval at the `level` of the whole result, None where the rows are too few to be judged;
    `reason` then says so. `value` is None where no row counts.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class GroupRates:
    """One group's rates, by the keys of `RATES`, among its `n` rows."""

    group: str
    n: int
    rates: dict[str, Rate]


@dataclass(frozen=True)
class Disparity:
    """One measure of the two groups that are farthest apart: `highest` has the larger share of `rate`, `lowest` the
    smaller, among `n` rows of both.

    [low, high] holds the largest difference (smallest ratio) of *any* two of the groups compared, whichever they truly
    are, at the result's level. `value` is None where nothing can be compared, and `reason` says why.
    """

    measure: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    rate: str = ""
    lowest: str = ""
    highest: str = ""
    method: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Fairness:
    """A version's rates by group of `column`, and its measures of `MEASURES`, by key.

    Groups with fewer than `least_rows` of the rows that a rate counts are named in `groups` and left out of the
    measures that rest on it.
    """

    column: str
    level: float
    least_rows: int
    groups: list[GroupRates] = field(default_factory=list)
    disparities: dict[str, Disparity] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives an equal Fairness back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Fairness:
        """The Fairness that `to_dict` turned into `stored`. Raises TypeError on missing or unknown keys."""
        groups = [
            GroupRates(each["group"], each["n"], {key: Rate(**rate) for key, rate in each["rates"].items()})
            for each in stored["groups"]
        ]
        disparities = {key: Disparity(**each) for key, each in stored["disparities"].items()}
        return cls(**{**stored, "groups": groups, "disparities": disparities})


def measure_fairness(
    truth: Mask,
    decided: Mask,
    groups: Groups,
    *,
    column: str,
    weight: Floats | None = None,
    least_rows: int = LEAST_ROWS,
    level: float = 0.95,
) -> Fairness:
    """The rates of each group of `groups`, and the measures of the pair of groups farthest apart.

    `truth` and `decided` say of each row whether it is positive and whether it is decided "yes"; `weight` how much it
    counts. Each pair's interval is made at 1 - (1 - level) / pairs (Bonferroni), so that all of them hold together;
    the largest difference of any pair then lies between the largest low end and the largest high end. Groups without
    a row are left out. Raises ValueError when lengths differ.
    """
    if not truth.shape == decided.shape == (len(groups),):
        raise ValueError(f"truth, decisions and groups differ in length: {truth.shape}, {decided.shape}, {len(groups)}")
    counted = {SELECTION: np.ones_like(truth), TRUE_POSITIVE: truth, FALSE_POSITIVE: ~truth}
    shares = {rate: group_shares(decided, rows, groups, weight) for rate, rows in counted.items()}
    found = [
        GroupRates(name, int(shares[SELECTION].n[place]), _rates(shares, place, least_rows, level))
        for place, name in enumerate(groups.names)
        if shares[SELECTION].n[place]
    ]
    large = {rate: each.only(each.n >= max(1, least_rows)) for rate, each in shares.items()}
    method = _WEIGHTED_METHOD if weight is not None else ""
    disparities = {key: _disparity(each, large, least_rows, level, method) for key, each in MEASURES.items()}
    return Fairness(column, level, least_rows, found, disparities)


def judge_fairness(result: Fairness, measure: str, limit: float) -> Judgement:
    """Are the groups no farther apart than `limit`? `measure` is a key of `MEASURES`.

    A difference passes when its whole interval is at or below the limit, a ratio when it is at or above it (four
    fifths: 0.8); either fails when it lies wholly beyond, and is inconclusive otherwise, with the further rows of the
    two groups that would probably settle it. Raises ValueError for a limit outside 0 to 1, KeyError for an unknown
    measure.
    """
    if not 0 <= limit <= 1:
        raise ValueError(f"the limit must lie between 0 and 1, not at {limit}")
    found, is_ratio = result.disparities[measure], MEASURES[measure].is_ratio
    if found.value is None or found.low is None or found.high is None:
        return Judgement("inconclusive", reason=found.reason)
    if found.low >= limit if is_ratio else found.high <= limit:
        return Judgement("passed")
    if found.high < limit if is_ratio else found.low > limit:
        return Judgement("failed")
    half_width = found.high - found.value if found.value < limit else found.value - found.low
    needed = further_rows(found.n, half_width=half_width, distance=abs(found.value - limit))
    return Judgement("inconclusive", needed, "the interval reaches over the limit")


def _rates(shares: Mapping[str, GroupShares], place: int, least_rows: int, level: float) -> dict[str, Rate]:
    return {rate: _rate(each, place, RATES[rate][1], least_rows, level) for rate, each in shares.items()}


def _rate(shares: GroupShares, place: int, rows: str, least_rows: int, level: float) -> Rate:
    n = int(shares.n[place])
    if not n:
        return Rate(None, 0, reason=f"no {rows}")
    value = float(shares.share[place])
    if n < least_rows:
        return Rate(value, n, reason=f"{n} {rows}; at least {least_rows} are needed")
    own = wilson(shares.share[place], shares.worth[place], level)
    return Rate(value, n, float(own.low), float(own.high))


def _disparity(
    measure: FairnessMeasure, shares: Mapping[str, GroupShares], least_rows: int, level: float, method: str
) -> Disparity:
    for rate in measure.rates:
        if reason := _why_not_compared(shares[rate], rate, least_rows):
            return Disparity(measure.key, None, reason=reason)
    pairs = sum(shares[rate].pairs for rate in measure.rates)
    # A measure of two rates is that of the rate that is farther apart: its ends are the larger of both.
    widened = 1 - (1 - level) / pairs
    found = {rate: farthest_pair(shares[rate], widened, is_ratio=measure.is_ratio) for rate in measure.rates}
    rate = max(found, key=lambda rate: found[rate].value)
    if found[rate].undefined:
        return Disparity(measure.key, None, reason='no row of any group is decided "yes"')
    low, high = max(each.low for each in found.values()), max(each.high for each in found.values())
    return _named(measure, rate, found[rate], (low, high), method + _method(measure, pairs))


def _why_not_compared(shares: GroupShares, rate: str, least_rows: int) -> str:
    rows = RATES[rate][1]
    if len(shares.names) < 2:
        return f"fewer than two groups have {least_rows} {rows}: nothing to compare"
    if len(shares.names) > MOST_GROUPS:
        return f"{len(shares.names):,} groups; at most {MOST_GROUPS:,} can be set against each other"
    return ""


def _named(measure: FairnessMeasure, rate: str, pair: Pair, ends: tuple[float, float], method: str) -> Disparity:
    return Disparity(
        measure=measure.key,
        value=pair.value,
        low=ends[0],
        high=ends[1],
        n=pair.n,
        rate=rate,
        lowest=pair.lowest,
        highest=pair.highest,
        method=method,
    )


_WEIGHTED_METHOD = "delta method within "


def _method(measure: FairnessMeasure, pairs: int) -> str:
    method = "Donner-Zou score ratio" if measure.is_ratio else "Newcombe's hybrid score"
    return f"{method}, widened for {pairs:,} pairs" if pairs > 1 else method
