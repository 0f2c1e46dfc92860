"""Up to six versions in one drawing: colour, dash and marker go together, the same in every chart and key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from dashboard.charts.drawing import Curve
from dashboard.figures import figure
from evidence.lineup import Entry, Lineup, Standing
from evidence.metrics import METRICS

#: How a version is drawn by its place: colour, dash of its line, marker. The baseline has the first.
LOOKS = (
    ("var(--series-1)", "dash", "circle-open"),
    ("var(--series-2)", "solid", "circle"),
    ("var(--series-3)", "dot", "diamond"),
    ("var(--series-4)", "dashdot", "square"),
    ("var(--series-5)", "longdash", "triangle-up"),
    ("var(--series-6)", "longdashdot", "x"),
)


@dataclass(frozen=True)
class Series:
    """One version as it is drawn. `place` counts from 1."""

    place: int
    entry: Entry
    curves: Curve = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.entry.version.name

    @property
    def look(self) -> tuple[str, str, str]:
        return LOOKS[self.place - 1]


@dataclass(frozen=True)
class Drawn:
    """The versions of a line-up that have something to draw, and who is best at what."""

    series: Sequence[Series]
    standings: Mapping[str, Mapping[int, Standing]]

    def having(self, key: str, part: str) -> list[tuple[Series, Curve]]:
        """Whose curve of this name is stored and has points, in the order of the series."""
        found = [(each, each.curves.get(key)) for each in self.series]
        return [(each, curve) for each, curve in found if curve and curve[part]]

    def leaders(self, metric: str) -> list[Series]:
        """Who is best by the metric, or joint best; empty where it isn't ranked."""
        standing = self.standings.get(metric, {})
        return [each for each in self.series if each.entry.version.pk in standing]

    def said_of(self, metric: str, *, best: str) -> str:
        """The finding of a metric: `2.2.0 ranks cases best: AUC 0.887.`; `best` is worded after the name."""
        leaders, title = self.leaders(metric), METRICS[metric].title
        if not leaders:
            return ""
        if len(leaders) == 1:
            return f"{leaders[0].name} {best}: {title} {_figure(leaders[0], metric)}."
        names = ", ".join(each.name for each in leaders[:-1]) + f" and {leaders[-1].name}"
        return f"Joint best by {title}: {names}."


def _figure(series: Series, metric: str) -> str:
    return figure(series.entry.value(metric), METRICS[metric].unit)


def drawn_of(lineup: Lineup) -> Drawn:
    """Every version keeps its place, whether it can be drawn or not: a look means the same version everywhere."""
    series = [
        Series(place, entry, entry.evaluation.curves)
        for place, entry in enumerate(lineup.entries, 1)
        if entry.evaluation and entry.is_comparable
    ]
    return Drawn(series, lineup.standings)


def marked_line(x: Sequence[float], y: Sequence[float], hover: str, series: Series, **more: Any) -> dict[str, Any]:
    """A line with a few markers on it, so that lines are told apart without colour, too."""
    colour, dash, symbol = series.look
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(x),
        "y": list(y),
        # Plotly reads tags and links in names; a version's label is somebody's text.
        "name": escape(series.name),
        "line": {"color": colour, "dash": dash, "width": 2},
        "marker": {"color": colour, "symbol": symbol, "size": 7, "maxdisplayed": 6, "line": {"color": colour}},
        "hovertemplate": f"{escape(series.name)}: {hover}<extra></extra>",
        **more,
    }


def points(x: Sequence[float | None], y: Sequence[float], hover: str, series: Series, **more: Any) -> dict[str, Any]:
    """Markers alone; `error_x` or `error_y` give them intervals."""
    colour, _, symbol = series.look
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "name": escape(series.name),
        "marker": {"color": colour, "symbol": symbol, "size": 8, "line": {"color": colour, "width": 2}},
        "hovertemplate": f"{escape(series.name)}: {hover}<extra></extra>",
        **more,
    }


def bars(
    values: Sequence[float | None], ends: Sequence[tuple[float | None, float | None]], series: Series
) -> dict[str, Any]:
    """Intervals around the values, as Plotly's `error_x` and `error_y` have them."""
    pairs = list(zip(values, ends, strict=True))
    above = [max(0.0, high - value) if None not in (high, value) else 0.0 for value, (_, high) in pairs]  # type: ignore[operator]
    below = [max(0.0, value - low) if None not in (low, value) else 0.0 for value, (low, _) in pairs]  # type: ignore[operator]
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "thickness": 2,
        "width": 0,
        "color": series.look[0],
    }


def heads(first: str, drawn: Sequence[tuple[Series, Curve]], says: str = "") -> list[str]:
    """The heads of a table that reads each curve at some places: `2.0.1 finds`."""
    return [first, *(f"{series.name} {says}".strip() for series, _ in drawn)]
