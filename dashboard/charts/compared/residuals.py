"""In which direction regressions err, and how far: histograms of prediction minus truth."""

from itertools import pairwise

from dashboard.charts.compared.series import Drawn, marked_line
from dashboard.charts.drawing import Chart, layout
from dashboard.charts.residuals import too_high
from dashboard.figures import SHARE, figure


def residuals(drawn: Drawn) -> Chart | None:
    """None where nothing is stored."""
    curves = drawn.having("residuals", "n")
    if not curves:
        return None
    lines = []
    for series, curve in curves:
        middles = [(low + high) / 2 for low, high in pairwise(curve["edges"])]
        shares = [count / sum(curve["n"]) for count in curve["n"]]
        line = marked_line(middles, shares, "%{y:.1%} of the rows are off by about %{x:.4g}", series)
        lines.append(line | {"line": {**line["line"], "shape": "hvh"}})
    rows = [[series.name, figure(too_high(curve), SHARE), f"{sum(curve['n']):,}"] for series, curve in curves]
    told = "; ".join(f"{series.name} in {figure(too_high(curve), SHARE)} of the rows" for series, curve in curves)
    drawing = {"data": lines, "layout": _LAYOUT}
    caption = "Right of 0 the prediction is too high; the outermost 1% stands in the last steps."
    heads = ["Version", "Predicts too much in", "Rows"]
    return Chart("residuals", "Residuals", drawing, f"Too much is predicted by {told}.", caption, heads, rows)


_LAYOUT = layout(
    "Prediction − truth, in the unit of the target",
    "Share of the rows",
    yaxis={"tickformat": ".0%", "rangemode": "tozero"},
)
