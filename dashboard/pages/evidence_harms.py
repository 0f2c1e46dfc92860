"""For whom other measures get worse than the one that groups are looked at by."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.figures import MINUS
from dashboard.figures import difference as difference_in_words
from dashboard.readable import group_in_words
from evidence.comparison import Comparison, Difference
from evidence.differences import up_is_better
from evidence.groups import group_name
from evidence.metrics import METRICS


@dataclass(frozen=True)
class Harm:
    """One measure that is surely worse in one group."""

    difference: Difference

    @property
    def measure(self) -> str:
        return METRICS[self.difference.metric].title

    @property
    def group(self) -> str:
        """`Marital status: single`."""
        return group_in_words(self.difference.column, self.difference.value)

    @property
    def said(self) -> str:
        """`region south by 9.33 pts`, within a sentence."""
        loss = difference_in_words(self.difference.difference, METRICS[self.difference.metric].unit)
        group = group_name(self.difference.value)
        return f"{self.difference.column.replace('_', ' ')} {group} by {loss.lstrip(MINUS + '+')}"


def harms_said(harms: Sequence[Harm]) -> str:
    """The surest measure with its groups, two at most, and how many further losses there are."""
    named = [harm for harm in harms if harm.measure == harms[0].measure][:2]
    words = f"{harms[0].measure} gets worse for {' and '.join(harm.said for harm in named)}"
    more = len(harms) - len(named)
    return f"{words}, and {more} more by group" if more else words


def other_harms(comparison: Comparison) -> list[Harm]:
    """Every other metric and group whose widened interval is wholly worse, the surest first.

    Metrics have different units, so how sure is counted in half-widths: how far the interval is from 0, for its size.
    """
    worse = [each for rows in comparison.other_segments.values() for each in rows if each.verdict == "worse"]
    return [Harm(each) for each in sorted(worse, key=_surest)]


def _surest(difference: Difference) -> tuple[float, str, str, str]:
    low, high = up_is_better(difference.metric, difference.low or 0.0, difference.high or 0.0)
    width = high - low
    return (high / width if width else float("-inf"), difference.metric, difference.column, difference.value)
