"""How far off a regression is: the share of rows within each distance of the truth."""

from collections.abc import Sequence

from dashboard.charts.drawing import SHARE_AXIS, Chart, Curve, Side, Sides, layout, line, line_key, read_table, styles
from dashboard.figures import figure

#: Shares of the rows at which the table reads the curves.
READ_AT = (0.5, 0.8, 0.9, 0.96, 1.0)


def error_sizes_chart(sides: Sides) -> Chart | None:
    """None without an evaluation."""
    drawn = [(side, curve) for side, curve in sides.curves("errors") if curve["share"]]
    if not drawn:
        return None
    hover = "%{y:.0%} of the rows are off by at most %{x:.4g}"
    lines = [
        line(curve["within"], curve["share"], hover, name=side.name, look=look) for side, curve, look in styles(drawn)
    ]
    rows = [[_rows_share(at), *(figure(off_by(curve, at)) for _, curve in reversed(drawn))] for at in READ_AT]
    caption = f"{line_key(sides)} The higher the line, the better."
    heads = read_table("Share of the rows", "is off by at most", drawn)
    drawing = {"data": lines, "layout": _LAYOUT}
    return Chart("error-sizes", "Sizes of the errors", drawing, _finding(drawn), caption, heads, rows)


def _finding(drawn: Sequence[tuple[Side, Curve]]) -> str:
    (own, curve), *others = drawn
    says = f"{own.name} is off by at most {figure(off_by(curve, 0.5))} in half of the rows"
    return says + "".join(f"; {side.name} by at most {figure(off_by(each, 0.5))}" for side, each in others) + "."


def off_by(errors: Curve, share: float) -> float:
    """How far off so large a share of the rows is at most."""
    pairs = zip(errors["share"], errors["within"], strict=True)
    return float(next(within for reached, within in pairs if reached >= share - 1e-9))


def _rows_share(share: float) -> str:
    return "All rows" if share == 1 else f"{share:.0%}"


_LAYOUT = layout(
    "Off by at most, in the unit of the target", "Share of the rows", xaxis={"rangemode": "tozero"}, yaxis=SHARE_AXIS
)
