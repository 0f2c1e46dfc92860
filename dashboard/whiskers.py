"""Geometry of cells that draw a value with its interval on one axis for the whole column, beside a line to compare."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

from dashboard.forest import EDGE, WIDTH, Axis, Mark, Tick, mark, round_step


@dataclass(frozen=True)
class Whisker:
    """A value with its interval; either may be missing."""

    difference: float | None
    low: float | None
    high: float | None
    verdict: str = "same"


def whisker_axis(whiskers: Iterable[Whisker], *, line: float | None = None) -> Axis:
    """An axis that holds every value, interval and the line (its `limit`, in pixels), with round ticks."""
    ends = [end for each in whiskers for end in (each.low, each.difference, each.high) if end is not None]
    ends += [line] if line is not None else []
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    step = round_step((high - low) or 0.01)
    first = floor(low / step)
    last = max(-floor(-high / step), first + 1)
    scale = (WIDTH - 4 * EDGE) / ((last - first) * step)
    zero = 2 * EDGE - first * step * scale
    ticks = tuple(Tick(round(zero + at * step * scale, 1), at * step) for at in range(first, last + 1))
    at_line = None if line is None else round(zero + line * scale, 1)
    return Axis(zero=zero, scale=scale, limit=at_line, ticks=ticks)


def whisker_mark(whisker: Whisker, axis: Axis) -> Mark | None:
    """The interval drawn on the axis; None when there is none."""
    return mark(whisker, axis)
