"""How much of each class models of several classes find, the least found first."""

from dashboard.charts.compared.series import Drawn, bars, heads, points
from dashboard.charts.drawing import Chart, Curve, layout
from dashboard.figures import SHARE, figure


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
    widest = max(classes, key=lambda name: _spread([recalls.get(name, (0.0,))[0] for _, recalls in found]))
    told = "; ".join(f"{series.name} {_recall(recalls, widest)}" for series, recalls in found)
    rows = [[name, *(_recall(recalls, name) for _, recalls in found)] for name in classes]
    drawing = {"data": marks, "layout": _LAYOUT}
    finding = f"They differ most in {widest}: found in {told}."
    table = heads("Class", curves, "finds")
    return Chart("classes", "Found by class", drawing, finding, "Bars: 95% intervals, each by itself.", table, rows)


def _by_class(curve: Curve) -> dict[str, tuple[float, float | None, float | None]]:
    rows = zip(*(curve[key] for key in ("classes", "recall", "low", "high")), strict=True)
    return {str(name): (recall, low, high) for name, recall, low, high in rows}


def _spread(values: list[float]) -> float:
    return max(values) - min(values)


def _recall(recalls: dict[str, tuple[float, float | None, float | None]], name: str) -> str:
    return figure(recalls[name][0], SHARE) if name in recalls else "not defined"


_LAYOUT = layout(
    "Class",
    "Found, share of its rows",
    # Digits are names of classes, not numbers.
    xaxis={"type": "category"},
    yaxis={"tickformat": ".0%", "range": [0, 1.05]},
)
