"""How far off regressions are: the share of rows within each distance of the truth."""

from dashboard.charts.compared.series import Drawn, heads, marked_line
from dashboard.charts.drawing import SHARE_AXIS, Chart, layout
from dashboard.charts.error_sizes import READ_AT, off_by
from dashboard.figures import figure


def error_sizes(drawn: Drawn) -> Chart | None:
    """None where nothing is stored."""
    curves = drawn.having("errors", "share")
    if not curves:
        return None
    hover = "%{y:.0%} of the rows are off by at most %{x:.4g}"
    lines = [marked_line(curve["within"], curve["share"], hover, series) for series, curve in curves]
    rows = [
        ["All rows" if at == 1 else f"{at:.0%}", *(figure(off_by(curve, at)) for _, curve in curves)] for at in READ_AT
    ]
    told = "; ".join(f"{series.name} {figure(off_by(curve, 0.5))}" for series, curve in curves)
    finding = f"In half of the rows they are off by at most: {told}."
    table = heads("Share of the rows", curves, "is off by at most")
    drawing = {"data": lines, "layout": _LAYOUT}
    return Chart(
        "error-sizes", "Sizes of the errors", drawing, finding, "The higher the line, the better.", table, rows
    )


_LAYOUT = layout(
    "Off by at most, in the unit of the target", "Share of the rows", xaxis={"rangemode": "tozero"}, yaxis=SHARE_AXIS
)
