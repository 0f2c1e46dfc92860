"""The share of rows decided "yes" in each group of a column, and the two groups whose shares are farthest apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evidence.groups import Groups, Mask
from evidence.metrics.means import Floats
from evidence.score_intervals import share_differences, share_ratios, wilson


@dataclass(frozen=True)
class GroupShares:
    """Of each group: its name, the rows `n` that count, their share (NaN without rows), and what they are `worth`:
    as many equally weighted rows would know the share as well."""

    names: npt.NDArray[np.str_]
    n: npt.NDArray[np.intp]
    share: Floats
    worth: Floats

    def only(self, kept: Mask) -> GroupShares:
        """Those of some of the groups."""
        return GroupShares(self.names[kept], self.n[kept], self.share[kept], self.worth[kept])

    @property
    def pairs(self) -> int:
        """Ways to set one group against another."""
        return len(self.names) * (len(self.names) - 1) // 2


@dataclass(frozen=True)
class Pair:
    """The two groups farthest apart, `n` rows in all; [low, high] holds the distance of any two groups at the level
    that was asked for, if each of their intervals does."""

    lowest: str
    highest: str
    n: int
    value: float
    low: float
    high: float

    @property
    def undefined(self) -> bool:
        """The ratio of two shares of 0."""
        return bool(np.isnan(self.value))


def group_shares(decided: Mask, counted: Mask, groups: Groups, weight: Floats | None = None) -> GroupShares:
    """The share of `counted` rows that are `decided`, by group. Arrays have one entry per row; weights are above 0."""
    many, places = len(groups.names), groups.places[counted]
    n = np.bincount(places, minlength=many)
    yes = decided[counted]
    with np.errstate(invalid="ignore", divide="ignore"):
        if weight is None:
            share, worth = np.bincount(places[yes], minlength=many) / n, n.astype(np.float64)
        else:
            share, worth = _weighted_shares(places, yes, n, weight[counted])
    return GroupShares(np.array(groups.names), n, share, worth)


def _weighted_shares(
    places: npt.NDArray[np.uint16], yes: Mask, n: npt.NDArray[np.intp], weight: Floats
) -> tuple[Floats, Floats]:
    """A weighted share is worth p(1 - p) / variance rows, its variance by the delta method of a ratio of means.

    Wilson's interval then keeps its good ends near 0 and 1: Korn & Graubard (1998), Survey Methodology 24:193-201, who
    cap the worth at the rows there are. All or none decided "yes" shows no variance; Kish's (Σw)²/Σw² stands in then.
    """

    def total(values: Floats) -> Floats:
        return np.bincount(places, weights=values, minlength=len(n)).astype(np.float64)

    weights, squares = total(weight), total(weight**2)
    above, below = total(weight * yes), total(weight * ~yes)
    share = above / (above + below)  # so that all "yes" is exactly 1, which a quotient of two sums need not be
    spread = total((weight * (yes - share[places])) ** 2) / weights**2
    worth = np.where((above > 0) & (below > 0), share * (1 - share) / spread, weights**2 / squares)
    return share, np.minimum(worth, n)


def farthest_pair(shares: GroupShares, level: float, *, is_ratio: bool = False) -> Pair:
    """The pair of at least two groups with the largest difference, or the smallest ratio, of their shares.

    Every two groups are set against each other at `level`; the ends are the largest low and the largest high end of a
    difference, the smallest of a ratio. The value is NaN for the ratio of two shares of 0.
    """
    lowest, highest = int(shares.share.argmin()), int(shares.share.argmax())
    if lowest == highest:  # all alike
        highest = lowest + 1
    low_share, high_share = float(shares.share[lowest]), float(shares.share[highest])
    value = _ratio(low_share, high_share) if is_ratio else high_share - low_share
    low, high = _ends(shares, level, is_ratio=is_ratio)
    n = int(shares.n[lowest] + shares.n[highest])
    return Pair(str(shares.names[lowest]), str(shares.names[highest]), n, value, low, high)


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("nan")


def _ends(shares: GroupShares, level: float, *, is_ratio: bool) -> tuple[float, float]:
    one = wilson(shares.share, shares.worth, level)
    lows, highs = (share_ratios if is_ratio else share_differences)(one.as_column(), one)
    others = ~np.eye(len(shares.names), dtype=np.bool_)
    if is_ratio:
        return float(lows[others].min()), min(1.0, float(highs[others].min()))
    # Of the two directions of a pair one is not below 0.
    return max(0.0, float(lows[others].max())), float(highs[others].max())
