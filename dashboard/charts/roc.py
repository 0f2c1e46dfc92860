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
    heads = read_table("False alarms at most", "finds", drawn)
    return Chart("ranking", "Ranking", drawing, _finding(sides), key, heads, rows)


def found_at(curve: Curve, false_alarms: float) -> float:
    """The largest true positive rate the curve has at no more than that false positive rate."""
    pairs = zip(curve["fpr"], curve["tpr"], strict=True)
    return max((found for alarms, found in pairs if alarms <= false_alarms), default=0.0)


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
