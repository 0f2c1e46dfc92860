"""Score intervals of shares in separate groups, and of what two such groups differ by.

Arrays broadcast against each other. A share is p = x/n with its Wilson interval [low, high]; `Shares` holds all three.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evidence.metrics.means import Floats
from evidence.quantiles import normal_quantile


@dataclass(frozen=True)
class Shares:
    """Shares of separate groups of rows and their intervals; the arrays have the same shape."""

    share: Floats
    low: Floats
    high: Floats

    def as_column(self) -> Shares:
        """As a column [groups, 1], to be set against every group of another array."""
        return Shares(self.share[:, None], self.low[:, None], self.high[:, None])


def wilson(share: Floats, rows: Floats, level: float = 0.95) -> Shares:
    """Wilson's score interval of each share among so many rows (> 0, a fraction for weighted rows), within 0 to 1.

    Wilson (1927), J. American Statistical Association 22:209-212.
    """
    z = normal_quantile(level)
    shrunk = 1 + z * z / rows
    centre = (share + z * z / (2 * rows)) / shrunk
    half_width = z / shrunk * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    # Exactly 0 and 1 at the ends, where rounding would leave 1e-17.
    low = np.where(share == 0, 0.0, np.maximum(0.0, centre - half_width))
    high = np.where(share == 1, 1.0, np.minimum(1.0, centre + half_width))
    return Shares(share, low, high)


def share_differences(above: Shares, below: Shares) -> tuple[Floats, Floats]:
    """Low and high end of above - below, of separate groups; both within -1 to 1.

    Newcombe's hybrid score interval: R. G. Newcombe (1998), Statistics in Medicine 17:873-890, method 10.
    """
    difference = above.share - below.share
    low = difference - np.hypot(above.share - above.low, below.high - below.share)
    high = difference + np.hypot(above.high - above.share, below.share - below.low)
    return low, high


def share_ratios(above: Shares, below: Shares) -> tuple[Floats, Floats]:
    """Low and high end of above / below, of separate groups; the high end is infinite where below's share is 0.

    The same recovery of variances from score limits for a ratio: A. Donner & G. Y. Zou (2012), Statistical Methods
    in Medical Research 21:347-359, eq. 9. The low end is written as a fraction of sums, which no share of 0 upsets.
    """
    product = above.share * below.share
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = above.low * (2 * above.share - above.low)
        outer = below.high * (2 * below.share - below.high)
        low = inner / (product + np.sqrt(np.maximum(product**2 - inner * outer, 0)))
        inner = below.low * (2 * below.share - below.low)
        outer = above.high * (2 * above.share - above.high)
        high = (product + np.sqrt(np.maximum(product**2 - inner * outer, 0))) / inner
    return np.where(above.low == 0, 0.0, low), np.where(below.low == 0, np.inf, high)
