"""Geometry of the forest cells: where a difference and its interval lie, in pixels.

Right is always better, whatever the metric's direction. In a table of measures each row is scaled to its
own smallest meaningful difference (its unit, the policy's margin), so that one band runs through the whole
column. In a table of segments all rows share one real axis.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Protocol

WIDTH = 216.0
EDGE = 6.0
CENTRE = WIDTH / 2
BAND = 27.0
# Below this the band is a hairline: wider intervals are cut at the edge and say so with an arrow.
NARROWEST_BAND = 6.0


class Compared(Protocol):
    """What is drawn: a difference with its interval, in raw units, and the verdict about zero."""

    @property
    def difference(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def verdict(self) -> str: ...


@dataclass(frozen=True)
class Tick:
    """A round value of the axis and the pixel it lies at."""

    x: float
    value: float


@dataclass(frozen=True)
class Axis:
    """Pixels of the zero line, per unit, of the tolerance band's half-width (0 = none) and of the limit."""

    zero: float
    scale: float
    band: float = 0.0
    limit: float | None = None
    ticks: tuple[Tick, ...] = ()

    def place(self, value: float) -> float:
        """The pixel of an oriented value, kept inside the cell."""
        return round(min(max(self.zero + self.scale * value, EDGE), WIDTH - EDGE), 1)

    def reaches(self, value: float) -> bool:
        """Whether the value lies inside the cell, to the tenth of a pixel that is drawn."""
        return EDGE <= round(self.zero + self.scale * value, 1) <= WIDTH - EDGE


@dataclass(frozen=True)
class Mark:
    """An interval and its point as SVG paths in a box of 216 by 24, and in words.

    A point that lies outside the cell is not drawn: on the edge it would hide the arrow and be in the wrong place.
    """

    verdict: str
    bar: str
    point: str
    words: str


def oriented(compared: Compared, direction: str) -> tuple[float, float, float] | None:
    """Low end, difference and high end with better to the right; None when there is no interval."""
    low, middle, high = compared.low, compared.difference, compared.high
    if low is None or middle is None or high is None:
        return None
    return (low, middle, high) if direction == "higher" else (-high, -middle, -low)


def measure_axis(rows: Iterable[tuple[Compared, float | None]]) -> Axis:
    """One axis for a table of measures, in units of each row's own margin.

    The band is 27 pixels either side; it narrows when an interval would not fit, down to 6.
    """
    reach = max((_reach(compared) / unit for compared, unit in rows if unit), default=0.0)
    band = min(BAND, (CENTRE - EDGE) / reach) if reach else BAND
    band = max(band, NARROWEST_BAND)
    return Axis(zero=CENTRE, scale=band, band=band)


def lone_axis(compared: Compared) -> Axis:
    """An axis without a band, for a measure that no policy gives a margin, in halves of its own interval: every such
    interval is as long as any other, and how far it lies from zero says how sure the change is."""
    half = ((compared.high or 0.0) - (compared.low or 0.0)) / 2
    return Axis(zero=CENTRE, scale=BAND / half if half else 1.0)


def segment_axis(differences: Sequence[Compared], *, limit: float | None = None, direction: str = "higher") -> Axis:
    """One real axis for all segments, with zero, the limit (a loss, as a positive number), round ticks.

    Ticks are where better lies to the right, too: where lower is better they hold the negated difference.
    """
    drawn = [ends for ends in (oriented(row, direction) for row in differences) if ends is not None]
    ends = [end for low, _, high in drawn for end in (low, high)]
    ends += [0.0, -limit if limit else 0.0]
    low, high = min(ends), max(ends)
    step = round_step((high - low) or 0.01)
    first = floor(low / step)
    last = max(-floor(-high / step), first + 1)  # nothing differs at all: still an axis
    scale = (WIDTH - 4 * EDGE) / ((last - first) * step)
    zero = 2 * EDGE - first * step * scale
    ticks = tuple(Tick(round(zero + i * step * scale, 1), i * step) for i in range(first, last + 1))
    at_limit = round(zero - limit * scale, 1) if limit else None
    return Axis(zero=round(zero, 1), scale=scale, limit=at_limit, ticks=ticks)


def mark(compared: Compared, axis: Axis, *, unit: float = 1.0, direction: str = "higher") -> Mark | None:
    """The interval drawn on the axis; None when there is no interval to draw."""
    ends = oriented(compared, direction)
    if ends is None:
        return None
    low, middle, high = (end / unit for end in ends)
    return Mark(
        verdict=compared.verdict,
        bar=_bar(axis, low, high),
        point=_point(compared.verdict, axis.place(middle)) if axis.reaches(middle) else "",
        words=_words(low, high),
    )


def _reach(compared: Compared) -> float:
    return max(abs(end) for end in (compared.low or 0.0, compared.high or 0.0))


def round_step(width: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts the width into at most four."""
    power = 10.0 ** floor(log10(width / 4))
    return next(factor * power for factor in (1, 2, 5, 10) if width / (factor * power) <= 4)


def _bar(axis: Axis, low: float, high: float) -> str:
    # An arrow reaches into the margin, so that a point beside the edge doesn't cover it.
    left = axis.place(low) if axis.reaches(low) else 0.0
    right = axis.place(high) if axis.reaches(high) else WIDTH
    left_end = f"M{left} 8.5v7" if axis.reaches(low) else f"M{left + 4} 8.5L{left} 12l4 3.5"
    right_end = f"M{right} 8.5v7" if axis.reaches(high) else f"M{right - 4} 8.5L{right} 12l-4 3.5"
    return f"M{left} 12H{right}{left_end}{right_end}"


def _point(verdict: str, x: float) -> str:
    if verdict == "better":
        return f"M{x} 6.5l5 9.5h-10z"
    if verdict == "worse":
        return f"M{x} 17.5l5-9.5h-10z"
    return f"M{x - 4} 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"


def _words(low: float, high: float) -> str:
    if low > 0:
        return "Whole interval on the better side"
    if high < 0:
        return "Whole interval on the worse side"
    return "Interval crosses zero"
