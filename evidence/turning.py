"""A comparison seen from the other side: what was the baseline becomes the candidate."""

from collections.abc import Mapping
from dataclasses import replace

from evidence.comparison import Comparison
from evidence.differences import Difference, Verdict
from evidence.segments import surest_harm

_VERDICTS: dict[Verdict, Verdict] = {"better": "worse", "worse": "better"}
_DECISIONS = {"fixed": "broken", "broken": "fixed", "closer": "farther", "farther": "closer"}


def turned(comparison: Comparison) -> Comparison:
    """Baseline against candidate. Every paired interval turns with its difference: it holds at the same level."""
    return replace(
        comparison,
        measures=[turned_difference(each) for each in comparison.measures],
        segments=_segments(comparison.segments),
        decisions=turned_counts(comparison.decisions),
        other_segments={metric: _segments(rows) for metric, rows in comparison.other_segments.items()},
        segment_decisions={
            column: {group: turned_counts(counts) for group, counts in groups.items()}
            for column, groups in comparison.segment_decisions.items()
        },
    )


def turned_difference(difference: Difference) -> Difference:
    """One difference from the other side."""
    return replace(
        difference,
        baseline=difference.candidate,
        candidate=difference.baseline,
        difference=_negated(difference.difference),
        low=_negated(difference.high),
        high=_negated(difference.low),
        verdict=_VERDICTS.get(difference.verdict, difference.verdict),
    )


def _negated(value: float | None) -> float | None:
    return None if value is None else -value


def _segments(differences: list[Difference]) -> list[Difference]:
    """Turned, and the surest harm of this side first; those without an interval keep their place behind."""
    judged = [turned_difference(each) for each in differences if each.low is not None]
    unjudged = [turned_difference(each) for each in differences if each.low is None]
    return sorted(judged, key=surest_harm) + unjudged


def turned_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """How many rows became what, from the other side."""
    return {turned_kind(kind): rows for kind, rows in counts.items()}


def turned_kind(kind: str) -> str:
    """What became of a row, from the other side: fixed is broken there, closer farther, and the other way round."""
    return _DECISIONS.get(kind, kind)
