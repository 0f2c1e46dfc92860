"""Two yes/no models compared by means over rows: log loss, Brier score and calibration error in each group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from evidence.groups import Groups
from evidence.intervals import PAIRED_MEAN, WEIGHTED_MEAN, Interval
from evidence.metrics.by_group import cell_sums, group_sums, share_of
from evidence.metrics.calibration import binning_bias, calibration_cells, calibration_gaps
from evidence.metrics.means import Floats
from evidence.metrics.scored import Scored, row_brier
from evidence.segments import Group, estimate_interval_of

#: What a model's rows are averaged over, a stretch of rows at a time.
RowsOf = Callable[[slice], Floats]


def averaged_groups(before: Scored, after: Scored, column: str, groups: Groups) -> dict[str, list[Group]]:
    """By metric: one Group for each group of the column, in its order.

    The calibration error is a mean too when in each bin the side on which the scores err is taken as given. But it
    looks larger than it is by chance, less so the better model's: so its intervals reach farther, by as much as
    that may have moved either model's error.
    """
    mean = PAIRED_MEAN if after.weight is None else WEIGHTED_MEAN
    rows = {
        "log_loss": (_log_loss(before), _log_loss(after), mean),
        "brier": (_brier(before), _brier(after), mean),
        "calibration_error": (
            _signed(before, groups),
            _signed(after, groups),
            "binned delta method, paired, widened by the bias of binning",
        ),
    }
    n, total = group_sums(groups), group_sums(groups, after.weight)
    found = {}
    for metric, (was_of, now_of, method) in rows.items():
        was, now = (share_of(_sums(groups, of, after.weight), total) for of in (was_of, now_of))
        variance = _variance(groups, was_of, now_of, now - was, after.weight) * share_of(n, n - 1)
        columns = (was, now, share_of(variance, total**2), n)
        found[metric] = [
            _group(metric, column, name, method, *each)
            for name, *each in zip(groups.names, *(values.tolist() for values in columns), strict=True)
        ]
    biases = zip(binning_bias(before, groups).tolist(), binning_bias(after, groups).tolist(), strict=True)
    found["calibration_error"] = [
        replace(group, interval=partial(_reaching, group.interval, *bias))
        for group, bias in zip(found["calibration_error"], biases, strict=True)
    ]
    return found


def _reaching(interval: Callable[[float], Interval], before: float, after: float, level: float) -> Interval:
    """The interval with its ends moved outwards, by what chance adds to the error of either model."""
    found = interval(level)
    if found.low == found.high:  # the same scores err by the same chance
        return found
    return replace(found, low=found.low - after, high=found.high + before)


def _log_loss(model: Scored) -> RowsOf:
    losses = model.log_loss
    return lambda rows: losses[rows]


def _brier(model: Scored) -> RowsOf:
    return lambda rows: row_brier(model.truth[rows], model.score[rows])


def _signed(model: Scored, groups: Groups) -> RowsOf:
    """score - truth, positive where it adds to its bin's gap."""
    signs = np.sign(calibration_gaps(model, groups)).ravel()

    def signed(rows: slice) -> Floats:
        off: Floats = signs[calibration_cells(model, groups, rows)] * (model.score[rows] - model.truth[rows])
        return off

    return signed


def _sums(groups: Groups, rows_of: RowsOf, weight: Floats | None) -> Floats:
    heavy = rows_of if weight is None else lambda rows: rows_of(rows) * weight[rows]
    return cell_sums(groups.places, len(groups.names), heavy)


def _variance(groups: Groups, was_of: RowsOf, now_of: RowsOf, shift: Floats, weight: Floats | None) -> Floats:
    """By group: Σw²(difference of the row - that of the group)²."""

    def squares(rows: slice) -> Floats:
        off = now_of(rows) - was_of(rows) - shift[groups.places[rows]]
        return (off if weight is None else off * weight[rows]) ** 2

    return cell_sums(groups.places, len(groups.names), squares)


def _group(metric: str, column: str, name: str, method: str, *found: float) -> Group:
    was, now, variance, rows = found
    n = int(rows)
    return Group(
        metric=metric,
        column=column,
        value=name,
        n=n,
        rows="rows",
        baseline=was if n else None,
        candidate=now if n else None,
        interval=estimate_interval_of(now - was, variance, n, method),
        support=n,
        reason="" if n else "no rows",
    )
