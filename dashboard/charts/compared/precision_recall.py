"""How many of the rows that binary models find are right, by how many of the right ones they find."""

from dashboard.charts.compared.series import Drawn, heads, marked_line
from dashboard.charts.drawing import SHARE_AXIS, Chart, layout
from dashboard.charts.precision_recall import FINDING_AT, READ_AT, precise_at
from dashboard.figures import SHARE, figure


def precision_recall(drawn: Drawn) -> Chart | None:
    """None when no version has the curve."""
    curves = drawn.having("precision_recall", "recall")
    if not curves:
        return None
    hover = "%{y:.1%} of the rows found are right at %{x:.1%} found"
    lines = [marked_line(curve["recall"], curve["precision"], hover, series) for series, curve in curves]
    rows = [[figure(at, SHARE), *(figure(precise_at(curve, at), SHARE) for _, curve in curves)] for at in READ_AT]
    told = "; ".join(f"{series.name} {figure(precise_at(curve, FINDING_AT), SHARE)}" for series, curve in curves)
    finding = f"Finding {FINDING_AT:.0%} of the positive rows, they are right in this much of what they find: {told}."
    table = heads("Found at least", curves, "is right in")
    drawing = {"data": lines, "layout": _LAYOUT}
    return Chart("precision-recall", "Precision by recall", drawing, finding, "All rows.", table, rows)


_LAYOUT = layout(
    "Found, share of the positive rows",
    "Right, share of the rows found",
    xaxis=SHARE_AXIS,
    yaxis=SHARE_AXIS,
)
