"""What a comparison says in one sentence: how many measures got better or worse, and for whom it surely got worse."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.comparison import Comparison
from evidence.differences import Difference


@dataclass(frozen=True)
class Finding:
    """Overall measures counted by verdict (`undefined`: without an interval), and `harms`, the surest first.

    Harms are segments in which the task's segment metric is worse, and after them overall measures that are; each
    with the interval that says so. Nothing measurable is no harm, and too small a segment isn't either.
    """

    better: int
    same: int
    worse: int
    undefined: int
    harms: list[Difference]

    @property
    def measures(self) -> int:
        """All of them."""
        return self.better + self.same + self.worse + self.undefined

    @property
    def surest_harm(self) -> Difference | None:
        """The one to name first: "recall for applicants under 25"."""
        return self.harms[0] if self.harms else None


def finding(comparison: Comparison) -> Finding:
    """Rests on what the comparison holds: `Comparison.other_segments` need not be loaded."""
    verdicts = [measure.verdict for measure in comparison.measures]
    return Finding(
        better=verdicts.count("better"),
        same=verdicts.count("same"),
        worse=verdicts.count("worse"),
        undefined=verdicts.count("undefined"),
        # Segments are ordered by the surest harm already.
        harms=[each for each in [*comparison.segments, *comparison.measures] if each.verdict == "worse"],
    )
