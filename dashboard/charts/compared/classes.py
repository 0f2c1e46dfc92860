"""How much of each class models of several classes find, the least found first."""

from collections.abc import Sequence
from typing import TypeAlias

from dashboard.charts.compared.series import Drawn, Series, bars, heads, points
from dashboard.charts.drawing import Chart, Curve, layout
from dashboard.figures import SHARE, figure

#: By class: how much of it is found, and the ends of that figure's own interval.
Recalls: TypeAlias = dict[str, tuple[float, float | None, float | None]]


def class_recall(drawn: Drawn) -> Chart | None:
    """Classes in the baseline's order; None where nothing is stored."""
    curves = drawn.having("recall", "n")
    if not curves:
        return None
    found = [(series, _by_class(curve)) for series, curve in curves]
    classes = list(found[0][1])
    marks = []
    for series, recalls in found:
        known = [name for name in classes if name in recalls]
        values = [recalls[name][0] for name in known]
        mark = points([], values, "%{y:.1%} of %{x} found", series)
        marks.append(mark | {"x": known, "error_y": bars(values, [recalls[name][1:] for name in known], series)})
    rows = [[name, *(_recall(recalls, name) for _, recalls in found)] for name in classes]
    drawing = {"data": marks, "layout": _LAYOUT}
    table = heads("Class", curves, "finds")
    return Chart(
        "classes",
        "Found by class",
        drawing,
        _finding(found, classes),
        "Bars: 95% intervals, each by itself.",
        table,
        rows,
    )


def _finding(found: Sequence[tuple[Series, Recalls]], classes: Sequence[str]) -> str:
    """Of the classes in which intervals part, the one with the widest gap between them."""
    gaps = {name: _gap([recalls[name] for _, recalls in found if name in recalls]) for name in classes}
    widest = max(classes, key=lambda name: gaps[name])
    if gaps[widest] <= 0:
        return "In no class do the versions’ own intervals part."
    told = "; ".join(f"{series.name} {_recall(recalls, widest)}" for series, recalls in found)
    return f"They differ most surely in {widest}: found in {told}."


def _gap(recalls: Sequence[tuple[float, float | None, float | None]]) -> float:
    """How far the highest low end lies above the lowest high end."""
    lows = [low for _, low, _ in recalls if low is not None]
    highs = [high for _, _, high in recalls if high is not None]
    return max(lows) - min(highs) if lows and highs else 0.0


def _by_class(curve: Curve) -> Recalls:
    rows = zip(*(curve[key] for key in ("classes", "recall", "low", "high")), strict=True)
    return {str(name): (recall, low, high) for name, recall, low, high in rows}


def _recall(recalls: Recalls, name: str) -> str:
    return figure(recalls[name][0], SHARE) if name in recalls else "not defined"


_LAYOUT = layout(
    "Class",
    "Found, share of its rows",
    # Digits are names of classes, not numbers.
    xaxis={"type": "category"},
    yaxis={"tickformat": ".0%"},
) | {"scattermode": "group", "scattergap": 0.5}  # beside each other, so that equals don't hide one another
