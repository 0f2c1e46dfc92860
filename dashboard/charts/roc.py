"""How well a binary model ranks cases: the share it finds at each share of false alarms."""

from dashboard.charts.drawing import (
    SHARE_AXIS,
    Chart,
    Curve,
    Sides,
    layout,
    line,
    line_key,
    read_table,
    reference,
    styles,
)
from dashboard.figures import SHARE, figure

#: Shares of false alarms at which the table reads the curves.
READ_AT = (0.05, 0.1, 0.2, 0.3, 0.5)


def roc_chart(sides: Sides) -> Chart | None:
    """None when there is no curve: no evaluation, or one class among the rows."""
    drawn = [(side, curve) for side, curve in sides.curves("roc") if curve["fpr"]]
    if not drawn:
        return None
    hover = "%{y:.1%} found at %{x:.1%} false alarms"
    lines = [line(curve["fpr"], curve["tpr"], hover, name=side.name, look=look) for side, curve, look in styles(drawn)]
    rows = [
        [figure(at, SHARE), *(figure(found_at(curve, at), SHARE) for _, curve in reversed(drawn))] for at in READ_AT
    ]
    drawing = {"data": [reference((0, 1), (0, 1)), *lines], "layout": _LAYOUT}
    key = f"{line_key(sides)} Dotted: guessing."
    heads = read_table("False alarms", "finds", drawn)
    return Chart("ranking", "Ranking", drawing, _finding(sides), key, heads, rows)


def found_at(curve: Curve, false_alarms: float) -> float:
    """The true positive rate at that false positive rate as it is drawn: the highest on a vertical stretch, in
    proportion on a slanted one, which is what dividing a group of equal scores by lot comes to."""
    points = list(zip(curve["fpr"], curve["tpr"], strict=True))
    alarms, found = max((point for point in points if point[0] <= false_alarms), default=(0.0, 0.0))
    beyond = min((point for point in points if point[0] > false_alarms), default=None)
    if beyond is None:
        return float(found)
    return float(found + (beyond[1] - found) * (false_alarms - alarms) / (beyond[0] - alarms))


def _finding(sides: Sides) -> str:
    own, other = sides.own, sides.other
    if other is None or "auc" not in sides.differences:
        return f"{own.name} ranks cases with an AUC of {own.figure('auc')}; guessing has 0.500."
    says = sides.said(
        "auc",
        better=f"{own.name} ranks cases better than {other.name}",
        worse=f"{own.name} ranks cases worse than {other.name}",
        same="",
    )
    says = says or f"No measurable difference in how {own.name} and {other.name} rank cases"
    judged = sides.differences["auc"]
    return f"{says}: AUC {figure(judged.candidate)} against {figure(judged.baseline)}."


_LAYOUT = layout(
    "False alarms, share of the negative rows",
    "Found, share of the positive rows",
    xaxis=SHARE_AXIS,
    yaxis=SHARE_AXIS,
)
