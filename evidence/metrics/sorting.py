"""Rows in the order of their scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evidence.groups import Groups
from evidence.metrics.means import Floats

Truth = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

# Rows worked on at once: few enough that all that is made of them stays in the processor's cache.
_ROWS_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class Sorted:
    """Rows of each group from the lowest score to the highest, the groups one after the other.

    `rows[n]` has their numbers, and `ends[groups]` where each group ends.
    """

    rows: Places
    ends: Places


@dataclass(frozen=True)
class Levels:
    """Some whole levels in order: runs of rows of one group with equal scores.

    `rows` has the rows' numbers, `last` by level the place of its last one among them. `groups` is the range of groups
    that the levels are of, and `first[groups + 1]` the place of each one's first level, at the end their number.
    """

    rows: Places
    last: Places
    groups: slice
    first: Places

    def sums(self, of_row: Floats) -> Floats:
        """By level: the sum over its rows."""
        if len(self.last) == len(self.rows):
            return of_row
        sums: Floats = np.add.reduceat(of_row, np.append(0, self.last[:-1] + 1))
        return sums

    def each_row_s(self, of_level: Floats) -> Floats:
        """By row: its level's value."""
        return of_level if len(of_level) == len(self.rows) else np.repeat(of_level, np.diff(self.last, prepend=-1))

    def each_level_s(self, of_group: Floats) -> Floats:
        """By level: its group's value, out of those of all groups (one number where there is one group)."""
        here = of_group[self.groups]
        return here if len(here) == 1 else np.repeat(here, np.diff(self.first))


def rows_by_score(score: Floats) -> Places:
    """The numbers of the rows from the lowest score to the highest, equal scores in the rows' order.

    Sorting numbers is several times faster than sorting places by them. Floating-point numbers from 0 on are ordered
    as their bits are, so the row's number takes the place of the lowest bits and comes out sorted with the rest;
    the few rows that only those bits tell apart are put in order afterwards.
    """
    rows = len(score)
    if rows < 2 or score.min() < 0:
        return np.argsort(score, kind="stable")
    number_bits = np.uint64((1 << (rows - 1).bit_length()) - 1)
    keys = np.abs(score).view(np.uint64) & ~number_bits  # abs: -0.0 equals 0.0 and has another bit
    keys |= np.arange(rows, dtype=np.uint64)
    keys.sort()
    order = (keys & number_bits).view(np.intp)
    keys &= ~number_bits
    _sort_runs(order, score, np.flatnonzero(keys[1:] == keys[:-1]))
    return order


def _sort_runs(order: Places, score: Floats, joined: Places) -> None:
    """Sorts `order` in place within its runs: places that are `joined` each to the next one."""
    if not (score[order[joined + 1]] < score[order[joined]]).any():
        return
    places = np.union1d(joined, joined + 1)
    rows = order[places]
    # Runs lie one above the other, so that sorting all their rows together leaves each row in its run.
    order[places] = rows[np.lexsort((rows, score[rows]))]


def sorted_within(groups: Groups, order: Places) -> Sorted:
    """`order` is `rows_by_score`: made once, it serves every column of groups."""
    if len(groups.names) == 1:
        return Sorted(order, np.array([len(order)]))
    ends = np.cumsum(np.bincount(groups.places, minlength=len(groups.names)))
    # A stable sort of small whole numbers is a radix sort, linear in the rows.
    return Sorted(order[np.argsort(groups.places[order], kind="stable")], ends)


def levels_of(found: Sorted, score: Floats) -> Iterator[Levels]:
    """All levels, about `_ROWS_AT_ONCE` rows at a time."""
    start, size = 0, _ROWS_AT_ONCE
    while start < len(found.rows):
        stop = min(start + size, len(found.rows))
        last = _last_of_levels(score[found.rows[start:stop]], found.ends[_between(found.ends, start, stop)] - start)
        if stop < len(found.rows):
            last = last[:-1]  # it may go on
        if not len(last):
            size *= 2
            continue
        stop, size = start + int(last[-1]) + 1, _ROWS_AT_ONCE
        groups = _groups_between(found.ends, start, stop)
        ends = np.minimum(found.ends[groups], stop) - start
        yield Levels(found.rows[start:stop], last, groups, np.append(0, np.searchsorted(last, ends)))
        start = stop


def _last_of_levels(ordered: Floats, ends: Places) -> Places:
    """The place of every level's last row; the end of a group ends its last level."""
    is_last = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_last[:-1])
    is_last[ends - 1] = True
    return np.flatnonzero(is_last)


def _between(ends: Places, start: int, stop: int) -> slice:
    """Which groups end after `start` and not after `stop`."""
    return slice(int(np.searchsorted(ends, start, "right")), int(np.searchsorted(ends, stop, "right")))


def _groups_between(ends: Places, start: int, stop: int) -> slice:
    """Which groups have rows from `start` to before `stop` (and empty ones among them)."""
    return slice(int(np.searchsorted(ends, start, "right")), int(np.searchsorted(ends, stop, "left")) + 1)
