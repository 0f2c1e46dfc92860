"""Two models that tell several classes apart, on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from evidence.comparing.moved import DELTA_PAIRED, IntervalOf, moved_groups
from evidence.comparison import Comparison, count_decisions, count_segment_decisions
from evidence.groups import Groups
from evidence.intervals import PAIRED_MEAN, WEIGHTED_MEAN, Interval
from evidence.metrics import MULTICLASS, SEGMENT_METRICS
from evidence.metrics.by_group import group_sums
from evidence.metrics.means import Floats
from evidence.metrics.multiclass import Classes, Sorted, checked_rows, decisions, moved_metrics
from evidence.metrics.scored import checked_weight
from evidence.resampling import Statistic, joint_table, macro_f1, macro_recall, resampled_difference
from evidence.segments import Group, check_lengths, judge_groups, judge_overall, share_interval_of

_RESAMPLED: dict[str, Statistic] = {"macro_recall": macro_recall, "macro_f1": macro_f1}


def compare(
    truth: Classes,
    baseline: Floats,
    candidate: Floats,
    *,
    classes: int,
    segments: Mapping[str, Groups],
    weight: Floats | None = None,
    level: float = 0.95,
) -> Comparison:
    """Compare two models' predictions of the same rows; see `evidence.metrics.multiclass` for their shapes.

    Intervals of segments are Bonferroni-widened so that all of one metric's hold together at `level`. Raises
    ValueError when shapes differ, something isn't finite, or a weight not above 0.
    """
    truth, baseline = checked_rows(truth, baseline, classes)
    truth, candidate = checked_rows(truth, candidate, classes)
    weight = checked_weight(weight, len(truth))
    check_lengths(segments, len(truth))
    everywhere = Groups.whole(len(truth))
    before, after = (Sorted(truth, each, classes, everywhere, weight) for each in (baseline, candidate))
    overall = _overall(before, after)
    by_segment: dict[str, list[Group]] = {metric: [] for metric in overall}
    for column, groups in segments.items():
        within = replace(before, groups=groups), replace(after, groups=groups)
        for metric, found in _groups(*within, column).items():
            by_segment[metric] += found
    judged = {metric: judge_groups(found, level) for metric, found in by_segment.items()}
    was, now = decisions(baseline), decisions(candidate)
    return Comparison(
        task=MULTICLASS,
        n=len(truth),
        level=level,
        measures=[judge_overall(found, level) for found in overall.values()],
        segments=judged.pop(SEGMENT_METRICS[MULTICLASS]),
        decisions=count_decisions(was == truth, now == truth),
        changed=int((was != now).sum()),
        other_segments=judged if segments else {},
        segment_decisions=count_segment_decisions(segments, was == truth, now == truth),
    )


def _groups(before: Sorted, after: Sorted, column: str) -> dict[str, list[Group]]:
    """By metric, in the order of `METRICS`: one Group for each group of the column.

    Macro metrics by the delta method: percentiles of resamples know little of the far tails that widened intervals
    need, and every segment would be resampled anew.
    """
    was, now, weight = moved_metrics(before), moved_metrics(after), after.weight
    means = PAIRED_MEAN if weight is None else WEIGHTED_MEAN
    methods = {"accuracy": means, "macro_recall": DELTA_PAIRED, "macro_f1": DELTA_PAIRED, "log_loss": means}
    shares = _share_intervals(before, after) if weight is None else None
    found = {
        metric: moved_groups(
            was[metric],
            now[metric],
            column,
            after.groups,
            weight=weight,
            method=method,
            interval_of=shares if metric == "accuracy" else None,
        )
        for metric, method in methods.items()
    }
    if weight is not None:
        found["accuracy"] = _where_alike(found["accuracy"], before, after, weight)
    return found


def _where_alike(found: list[Group], before: Sorted, after: Sorted, weight: Floats) -> list[Group]:
    """The groups, but no discordant row doesn't mean no uncertainty: there, as many rows as Kish says are alike."""
    was, now = (decisions(model.prediction) == model.truth for model in (before, after))
    discordant = group_sums(after.groups, was != now)
    worth = group_sums(after.groups, weight) ** 2 / group_sums(after.groups, weight**2)
    return [
        group if moved else replace(group, interval=share_interval_of(int(rows), 0, 0))
        for group, moved, rows in zip(found, discordant, worth, strict=True)
    ]


def _share_intervals(before: Sorted, after: Sorted) -> IntervalOf:
    """Of the rows that either model alone has right."""
    was, now = (decisions(model.prediction) == model.truth for model in (before, after))
    counts = (group_sums(after.groups, rows) for rows in (np.ones_like(was), now & ~was, was & ~now))
    n, fixed, broken = (each.astype(int).tolist() for each in counts)
    return lambda place: share_interval_of(n[place], fixed[place], broken[place])


def _overall(before: Sorted, after: Sorted) -> dict[str, Group]:
    """By metric: all rows. Those that count alike are a multinomial table, which macro metrics are resampled from."""
    found = {metric: groups[0] for metric, groups in _groups(before, after, "").items()}
    if after.weight is not None or not len(after.truth):
        return found
    table = joint_table(after.truth, decisions(before.prediction), decisions(after.prediction), after.classes)

    def resampled(statistic: Statistic) -> Callable[[float], Interval]:
        return lambda level: resampled_difference(table, statistic, level)

    intervals = {metric: resampled(statistic) for metric, statistic in _RESAMPLED.items()}
    return found | {metric: replace(found[metric], interval=interval) for metric, interval in intervals.items()}
