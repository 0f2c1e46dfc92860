"""How well binary models rank cases: the share each finds at each share of false alarms."""

from dashboard.charts.compared.series import Drawn, heads, marked_line
from dashboard.charts.drawing import SHARE_AXIS, Chart, layout, reference
from dashboard.charts.roc import READ_AT, found_at
from dashboard.figures import SHARE, figure


def roc(drawn: Drawn) -> Chart | None:
    """None when no version has the curve."""
    curves = drawn.having("roc", "fpr")
    if not curves:
        return None
    hover = "%{y:.1%} found at %{x:.1%} false alarms"
    lines = [marked_line(curve["fpr"], curve["tpr"], hover, series) for series, curve in curves]
    rows = [[figure(at, SHARE), *(figure(found_at(curve, at), SHARE) for _, curve in curves)] for at in READ_AT]
    drawing = {"data": [reference((0, 1), (0, 1)), *lines], "layout": _LAYOUT}
    finding = drawn.said_of("auc", best="ranks cases best") or "How the versions rank cases."
    table = heads("False alarms", curves, "finds")
    return Chart("ranking", "ROC", drawing, finding, "ROC, all rows. Thin dotted: guessing.", table, rows)


_LAYOUT = layout(
    "False alarms, share of the negative rows",
    "Found, share of the positive rows",
    xaxis=SHARE_AXIS,
    yaxis=SHARE_AXIS,
)
