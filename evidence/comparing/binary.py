"""Two yes/no models on the same rows."""

from __future__ import annotations

from collections.abc import Mapping

from evidence.comparing.averages import averaged_groups
from evidence.comparing.counts import counted_groups
from evidence.comparing.rankings import ranked_groups
from evidence.comparing.side_by_side import both
from evidence.comparison import Comparison, count_decisions, count_segment_decisions
from evidence.groups import Groups
from evidence.metrics import BINARY, SEGMENT_METRICS, metrics_of
from evidence.metrics.binary import Floats, Truth
from evidence.metrics.scored import Scored, scored
from evidence.segments import Group, check_lengths, judge_groups, judge_overall


def compare(
    truth: Truth,
    baseline_score: Floats,
    candidate_score: Floats,
    *,
    baseline_threshold: float,
    candidate_threshold: float,
    segments: Mapping[str, Groups],
    weight: Floats | None = None,
    level: float = 0.95,
) -> Comparison:
    """Compare two models' scores of the same rows, each decided at its own threshold.

    `truth`, both scores, `weight` and every column of `segments` have one entry per row. Intervals of segments are
    Bonferroni-widened so that all of one metric's hold together at `level`. Raises ValueError when lengths differ, a
    score is not a finite number, or a weight not one above 0.
    """
    before = scored(truth, baseline_score, baseline_threshold, weight)
    after = scored(truth, candidate_score, candidate_threshold, weight)
    return compare_scored(before, after, segments=segments, level=level)


def compare_scored(before: Scored, after: Scored, *, segments: Mapping[str, Groups], level: float = 0.95) -> Comparison:
    """`compare` of two models whose rows are checked already, and the same."""
    check_lengths(segments, len(after))
    both(lambda model: (model.order, model.log_loss), before, after)
    overall = _groups(before, after, "", Groups.whole(len(after)))
    by_segment: dict[str, list[Group]] = {metric: [] for metric in overall}
    for column, groups in segments.items():
        for metric, found in _groups(before, after, column, groups).items():
            by_segment[metric] += found
    judged = {metric: judge_groups(found, level) for metric, found in by_segment.items()}
    was_right, is_right = before.decided == before.truth, after.decided == after.truth
    return Comparison(
        task=BINARY,
        n=len(after),
        level=level,
        measures=[judge_overall(overall[metric.key][0], level) for metric in metrics_of(BINARY)],
        segments=judged.pop(SEGMENT_METRICS[BINARY]),
        decisions=count_decisions(was_right, is_right),
        changed=int((was_right != is_right).sum()),
        other_segments=judged if segments else {},
        segment_decisions=count_segment_decisions(segments, was_right, is_right),
    )


def _groups(before: Scored, after: Scored, column: str, groups: Groups) -> dict[str, list[Group]]:
    """By metric: one Group for each group of the column, in its order."""
    return {
        **ranked_groups(before, after, column, groups),
        **counted_groups(before, after, column, groups),
        **averaged_groups(before, after, column, groups),
    }
