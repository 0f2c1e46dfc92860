"""Two models' values of one metric in each group, their difference judged by how far the rows move both."""

from __future__ import annotations

from collections.abc import Callable

from evidence.groups import Groups
from evidence.intervals import Interval
from evidence.metrics.by_group import group_sums, variance_of
from evidence.metrics.means import Floats
from evidence.metrics.moved import Moved
from evidence.segments import Group, estimate_interval_of

DELTA_PAIRED = "delta method, paired"

IntervalOf = Callable[[int], Callable[[float], Interval]]


def moved_groups(
    before: Moved,
    after: Moved,
    column: str,
    groups: Groups,
    *,
    weight: Floats | None = None,
    method: str = DELTA_PAIRED,
    interval_of: IntervalOf | None = None,
) -> list[Group]:
    """One Group for each group of the column, in its order.

    Its interval at a level is `interval_of(place)`, otherwise Student's t of the difference of the rows' moves.
    """
    n = group_sums(groups).astype(int).tolist()
    interval_of = interval_of or _paired(before, after, groups, weight, method)
    return [
        Group(
            metric=after.metric,
            column=column,
            value=name,
            n=n[place],
            rows="rows",
            baseline=None if before.lacks[place] else float(before.value[place]),
            candidate=None if after.lacks[place] else float(after.value[place]),
            interval=interval_of(place),
            support=n[place],
            reason=after.lacks[place] or before.lacks[place],
        )
        for place, name in enumerate(groups.names)
    ]


def _paired(before: Moved, after: Moved, groups: Groups, weight: Floats | None, method: str) -> IntervalOf:
    n = group_sums(groups).astype(int).tolist()
    variance = variance_of(groups, after.moves - before.moves, group_sums(groups, weight)).tolist()
    shift = (after.value - before.value).tolist()
    return lambda place: estimate_interval_of(shift[place], variance[place], n[place], method)
