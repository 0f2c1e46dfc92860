"""What all charts share: whose curves they draw, how lines tell versions apart, and what a chart is made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from dashboard.figures import figure
from evidence.differences import Difference
from evidence.metrics import METRICS

Curve = Mapping[str, Any]

#: How a version's line looks in every chart, its own first: colour, dash and marker always go together.
OWN = ("var(--series-2)", "solid", "circle")
OTHER = ("var(--series-1)", "dash", "circle-open")


@dataclass(frozen=True)
class Side:
    """One version: its name, what is stored to be drawn of it, and its overall figures by metric."""

    name: str
    curves: Curve
    values: Mapping[str, float | None] = field(default_factory=dict)

    def figure(self, metric: str) -> str:
        """`0.884`; "not defined" for a figure that isn't there."""
        return figure(self.values.get(metric), METRICS[metric].unit)


@dataclass(frozen=True)
class Sides:
    """A version alone or beside another one; `differences` has the stored comparison's overall ones, by metric."""

    own: Side
    other: Side | None = None
    differences: Mapping[str, Difference] = field(default_factory=dict)

    def curves(self, key: str) -> "list[tuple[Side, Curve]]":
        """Who has the curve, its own first; empty when the version itself has none."""
        found = [(side, side.curves.get(key)) for side in (self.own, self.other) if side]
        return [(side, curve) for side, curve in found if curve] if self.own.curves.get(key) else []

    def said(self, metric: str, *, better: str, worse: str, same: str) -> str:
        """Which of the three the stored comparison bears out; "" without one that judged the metric."""
        judged = self.differences.get(metric)
        return {"better": better, "worse": worse, "same": same}.get(judged.verdict, "") if judged else ""


@dataclass(frozen=True)
class Chart:
    """A drawing for Plotly, its finding in words, and the same as a table: each row's first cell names it.

    `key` tells the charts of a page apart. `is_tall` gives it room for many rows.
    """

    key: str
    title: str
    drawing: dict[str, Any]
    finding: str
    caption: str
    heads: list[str]
    rows: list[list[str]]
    is_tall: bool = False


def styles(drawn: Sequence[tuple[Side, Curve]]) -> Iterator[tuple[Side, Curve, tuple[str, str, str]]]:
    """Each with its look. The other one comes first, so that it lies below."""
    looks = [(side, curve, look) for (side, curve), look in zip(drawn, (OWN, OTHER), strict=False)]
    return reversed(looks)


def line(
    x: Sequence[float], y: Sequence[float], hover: str, *, name: str, look: tuple[str, str, str], **more: Any
) -> dict[str, Any]:
    """A line through the points."""
    colour, dash, _ = look
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": list(y),
        # Plotly reads tags and links in names; a version's label is somebody's text.
        "name": escape(name),
        "line": {"color": colour, "dash": dash, "width": 2},
        "hovertemplate": hover,
        **more,
    }


def dots(
    x: Sequence[float] | Sequence[str],
    y: Sequence[float],
    ends: Sequence[tuple[float | None, float | None]],
    hover: str,
    *,
    name: str,
    look: tuple[str, str, str],
) -> dict[str, Any]:
    """Points with their intervals, low and high; a point without one has None twice."""
    colour, _, symbol = look
    above = [max(0.0, high - value) if high is not None else 0.0 for value, (_, high) in zip(y, ends, strict=True)]
    below = [max(0.0, value - low) if low is not None else 0.0 for value, (low, _) in zip(y, ends, strict=True)]
    bars = {"type": "data", "array": above, "arrayminus": below, "thickness": 2, "width": 0, "color": colour}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "name": escape(name),
        "marker": {"color": colour, "symbol": symbol, "size": 8, "line": {"color": colour, "width": 2}},
        "error_y": bars,
        "hovertemplate": hover,
    }


def reference(x: Sequence[float], y: Sequence[float]) -> dict[str, Any]:
    """A thin dotted line to hold the others against."""
    thin = {"color": "var(--edge)", "dash": "dot", "width": 1}
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "line": thin, "hoverinfo": "skip"}


def layout(x: str, y: str, **axes: Mapping[str, Any]) -> dict[str, Any]:
    """Axes with their titles; `xaxis` and `yaxis` add to them."""
    return {
        "xaxis": {"title": {"text": x}, **axes.get("xaxis", {})},
        "yaxis": {"title": {"text": y}, **axes.get("yaxis", {})},
    }


SHARE_AXIS: dict[str, Any] = {"tickformat": ".0%", "range": [0, 1.02]}


def line_key(sides: Sides, *, marks: tuple[str, str] = ("Solid", "Dashed")) -> str:
    """Which version is drawn how: `Solid: 2.1.0. Dashed: 2.0.1.`"""
    words = f"{marks[0]}: {sides.own.name}."
    return f"{words} {marks[1]}: {sides.other.name}." if sides.other else words


def read_table(first: str, says: str, drawn: Sequence[tuple[Side, Curve]]) -> list[str]:
    """The heads of a table that reads each curve at some places, the other version's first: `2.0.1 finds`."""
    return [first, *(f"{side.name} {says}".strip() for side, _ in reversed(drawn))]
