"""In which direction a regression errs, and how far: a histogram of prediction minus truth."""

from collections.abc import Sequence
from itertools import pairwise

from dashboard.charts.drawing import Chart, Curve, Side, Sides, layout, line, line_key, styles
from dashboard.figures import SHARE, figure, number

#: Rows of the table: the bins of the drawing, taken together.
TABLE_ROWS = 10


def residual_chart(sides: Sides) -> Chart | None:
    """None without an evaluation."""
    drawn = [(side, curve) for side, curve in sides.curves("residuals") if curve["n"]]
    if not drawn:
        return None
    hover = "%{y:.1%} of the rows are off by about %{x:.4g}"
    lines = [
        line(_middles(curve), _shares(curve), hover, name=side.name, look=look) for side, curve, look in styles(drawn)
    ]
    stepped = [each | {"line": {**each["line"], "shape": "hvh"}} for each in lines]
    caption = f"{line_key(sides)} Right of 0 the prediction is too high; the outermost 1% stands in the last steps."
    heads, rows = _table(drawn)
    drawing = {"data": stepped, "layout": _LAYOUT}
    return Chart("residuals", "Direction of the errors", drawing, _finding(drawn), caption, heads, rows)


def _middles(curve: Curve) -> list[float]:
    edges = curve["edges"]
    return [(low + high) / 2 for low, high in pairwise(edges)]


def _shares(curve: Curve) -> list[float]:
    total = sum(curve["n"])
    return [count / total for count in curve["n"]]


def too_high(curve: Curve) -> float:
    """The share of rows whose prediction is above the truth, to the width of the bin that 0 lies in."""
    edges = curve["edges"]
    above = (
        count * _part_above_zero(low, high) for low, high, count in zip(edges, edges[1:], curve["n"], strict=False)
    )
    return float(sum(above) / sum(curve["n"]))


def _part_above_zero(low: float, high: float) -> float:
    if low == high:
        return float(low > 0)
    return min(1.0, max(0.0, high / (high - low)))


def _finding(drawn: Sequence[tuple[Side, Curve]]) -> str:
    (own, curve), *others = drawn
    beside = "".join(f"; {side.name} in {figure(too_high(each), SHARE)}" for side, each in others)
    return f"{own.name} predicts too much in about {figure(too_high(curve), SHARE)} of the rows{beside}."


def _table(drawn: Sequence[tuple[Side, Curve]]) -> tuple[list[str], list[list[str]]]:
    """Each version's own bins: their edges differ."""
    heads = ["Prediction − truth", "Rows"]
    tables = [(side.name, _bands(curve)) for side, curve in drawn]
    if len(tables) == 1:
        return heads, tables[0][1]
    return ["Version", *heads], [[name, *row] for name, rows in tables for row in rows]


def _bands(curve: Curve) -> list[list[str]]:
    width = max(1, len(curve["n"]) // TABLE_ROWS)
    edges, counts = curve["edges"], curve["n"]
    return [
        [f"{_edge(edges[at])} to {_edge(edges[min(at + width, len(counts))])}", f"{sum(counts[at : at + width]):,}"]
        for at in range(0, len(counts), width)
    ]


def _edge(value: float) -> str:
    return number(value, 3 if abs(value) < 10 else 1)


_LAYOUT = layout(
    "Prediction − truth, in the unit of the target",
    "Share of the rows",
    yaxis={"tickformat": ".0%", "rangemode": "tozero"},
)
