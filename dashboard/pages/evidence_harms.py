"""For whom other measures get worse than the one that groups are looked at by."""

from dataclasses import dataclass

from dashboard.readable import group_in_words
from evidence.comparison import Comparison, Difference
from evidence.differences import up_is_better
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
