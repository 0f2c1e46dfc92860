"""Two models' rankings of the same rows: the difference of AUC and of average precision in each group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from evidence.comparing.side_by_side import both
from evidence.groups import Groups
from evidence.intervals import Interval, Undefined, cut_interval
from evidence.metrics.binary import lacks_a_class
from evidence.metrics.means import Floats
from evidence.metrics.ranking import NO_VARIATION, Classes, auc_error, average_precision_error
from evidence.metrics.scored import Scored, scored
from evidence.metrics.sorting import Truth
from evidence.quantiles import student_quantile
from evidence.segments import Group


def auc_difference(
    truth: Truth, baseline: Floats, candidate: Floats, level: float = 0.95, *, weight: Floats | None = None
) -> Interval:
    """Difference of two correlated AUCs.

    Variance: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837-845; weighted rows enter it by their
    influence. Student's t of the rarer class; cut at ±1. Needs two rows of each class. When the two order the rows
    differently and the estimated variance is still zero (say, both separate the classes perfectly), DeLong has nothing
    honest to say: `Undefined`.
    """
    return _overall("auc", truth, baseline, candidate, weight)(level)


def average_precision_difference(
    truth: Truth, baseline: Floats, candidate: Floats, level: float = 0.95, *, weight: Floats | None = None
) -> Interval:
    """Difference of two average precisions, by their influence functions; see `auc_difference`."""
    return _overall("average_precision", truth, baseline, candidate, weight)(level)


def _overall(
    metric: str, truth: Truth, baseline: Floats, candidate: Floats, weight: Floats | None
) -> Callable[[float], Interval]:
    before, after = (scored(truth, score, 0.5, weight) for score in (baseline, candidate))
    return ranked_groups(before, after, "", Groups.whole(len(after)))[metric][0].interval


def ranked_groups(before: Scored, after: Scored, column: str, groups: Groups) -> dict[str, list[Group]]:
    """By metric: one Group for each group of the column, in its order."""
    was, now = both(lambda model: model.ranked(groups), before, after)
    classes, weighted = Classes(after.truth, groups, after.weight), after.weight is not None
    values = {"auc": (was.auc, now.auc), "average_precision": (was.average_precision, now.average_precision)}
    errors = {
        "auc": auc_error(classes, now.placements - was.placements, now.totals),
        "average_precision": average_precision_error(
            classes,
            now.precision_moves - was.precision_moves,
            now.average_precision - was.average_precision,
            now.totals,
        ),
    }
    pair = _Pair(before, after, column, groups)
    return {
        metric: [
            pair.group(
                place, _Estimate(metric, float(was_there), float(now_there), error, negatives, positives, weighted)
            )
            for place, (was_there, now_there, error, (negatives, positives)) in enumerate(
                zip(*values[metric], errors[metric].tolist(), classes.rows.astype(int).tolist(), strict=True)
            )
        ]
        for metric in values
    }


@dataclass(frozen=True, eq=False)
class _Pair:
    before: Scored
    after: Scored
    column: str
    groups: Groups

    def group(self, place: int, estimate: _Estimate) -> Group:
        reason = estimate.reason
        return Group(
            metric=estimate.metric,
            column=self.column,
            value=self.groups.names[place],
            n=estimate.negatives + estimate.positives,
            rows="rows of the rarer class",
            baseline=None if reason else estimate.baseline,
            candidate=None if reason else estimate.candidate,
            interval=partial(estimate.interval, partial(self._ranks_differ, place)),
            support=estimate.rarer,
            reason=reason,
        )

    def _ranks_differ(self, place: int) -> bool:
        """Whether the two models order the group's rows differently: then no variance doesn't mean no difference."""
        inside = self.groups.places == place
        was, now = (np.unique(model.score[inside], return_inverse=True)[1] for model in (self.before, self.after))
        return not np.array_equal(was, now)


@dataclass(frozen=True)
class _Estimate:
    """Both values of a metric in one group, the standard error of their difference, and its rows by class."""

    metric: str
    baseline: float
    candidate: float
    error: float
    negatives: int
    positives: int
    weighted: bool

    @property
    def rarer(self) -> int:
        return min(self.negatives, self.positives)

    @property
    def reason(self) -> str:
        return lacks_a_class(self.positives, self.negatives + self.positives)

    @property
    def method(self) -> str:
        if self.metric == "auc" and not self.weighted:
            return "DeLong, paired"
        return "influence function of weighted rows, paired" if self.weighted else "influence function, paired"

    def interval(self, ranks_differ: Callable[[], bool], level: float) -> Interval:
        if self.reason:
            raise Undefined(self.reason)
        if self.rarer < 2:
            raise Undefined(f"1 row of one class; {_NAMES[self.metric]} needs at least 2 of each for an interval")
        if self.error < NO_VARIATION and ranks_differ():
            raise Undefined(f"the rows show no variation to judge the {_NAMES[self.metric]} difference by")
        # Both rest on the rows of the rarer class as a mean does on its rows; few of them need the wider quantile.
        quantile = student_quantile(level, self.rarer - 1)
        difference = self.candidate - self.baseline
        return cut_interval(difference, difference, quantile * self.error, self.method)


_NAMES = {"auc": "AUC", "average_precision": "average precision"}
