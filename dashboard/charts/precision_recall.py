"""How many of the rows a binary model finds are right, by how many of the right ones it finds."""

from dashboard.charts.drawing import SHARE_AXIS, Chart, Curve, Sides, layout, line, line_key, read_table, styles
from dashboard.figures import SHARE, figure

#: Shares of the positive rows at which the table reads the curves, and the one that the finding names.
READ_AT = (0.5, 0.7, 0.8, 0.9, 0.95)
FINDING_AT = 0.8


def precision_recall_chart(sides: Sides) -> Chart | None:
    """None when there is no curve: no evaluation, or one class among the rows."""
    drawn = [(side, curve) for side, curve in sides.curves("precision_recall") if curve["recall"]]
    if not drawn:
        return None
    hover = "%{y:.1%} of the rows found are right at %{x:.1%} found"
    lines = [
        line(curve["recall"], curve["precision"], hover, name=side.name, look=look)
        for side, curve, look in styles(drawn)
    ]
    rows = [[figure(at, SHARE), *(_read(curve, at) for _, curve in reversed(drawn))] for at in READ_AT]
    told = "; ".join(f"{side.name} is right in {_read(curve, FINDING_AT)} of what it finds" for side, curve in drawn)
    finding = f"Finding {FINDING_AT:.0%} of the positive rows, {told}."
    heads = read_table("Found at least", "is right in", drawn)
    drawing = {"data": lines, "layout": _LAYOUT}
    return Chart("precision-recall", "Precision by recall", drawing, finding, line_key(sides), heads, rows)


def precise_at(curve: Curve, recall: float) -> float:
    """The largest precision the curve has at no less than that recall."""
    pairs = zip(curve["recall"], curve["precision"], strict=True)
    return max((precision for found, precision in pairs if found >= recall - 1e-9), default=0.0)


def _read(curve: Curve, recall: float) -> str:
    return figure(precise_at(curve, recall), SHARE)


_LAYOUT = layout(
    "Found, share of the positive rows",
    "Right, share of the rows found",
    xaxis=SHARE_AXIS,
    yaxis=SHARE_AXIS,
)
