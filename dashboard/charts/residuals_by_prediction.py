"""Where a regression errs: the mean error by tenth of the rows, from the lowest predictions up."""

from collections.abc import Sequence

from dashboard.charts.drawing import Chart, Curve, Side, Sides, dots, layout, line_key, reference, styles
from dashboard.figures import figure, signed, span


def residuals_by_prediction_chart(sides: Sides) -> Chart | None:
    """None without an evaluation."""
    drawn = [(side, curve) for side, curve in sides.curves("residuals_by_prediction") if curve["n"]]
    if not drawn:
        return None
    hover = "off by %{y:.4g} on average at a prediction of %{x:.4g}"
    points = [
        dots(curve["prediction"], curve["residual"], _ends(curve), hover, name=side.name, look=look)
        for side, curve, look in styles(drawn)
    ]
    reach = [place for _, curve in drawn for place in curve["prediction"]]
    drawing = {"data": [reference((min(reach), max(reach)), (0, 0)), *points], "layout": _LAYOUT}
    caption = f"{line_key(sides, marks=('Filled', 'Hollow'))} Bars: 95% intervals. Above 0 the prediction is too high."
    heads, rows = _table(drawn)
    return Chart("where", "Error by prediction", drawing, _finding(drawn[0]), caption, heads, rows)


def _ends(curve: Curve) -> list[tuple[float | None, float | None]]:
    return list(zip(curve["low"], curve["high"], strict=True))


def _finding(drawn: tuple[Side, Curve]) -> str:
    side, curve = drawn
    bins = zip(curve["prediction"], curve["residual"], _ends(curve), strict=True)
    sure = [each for each in bins if _is_one_sided(*each[2])]
    if not sure:
        return f"In no tenth of its predictions does {side.name} err measurably to one side."
    place, residual, _ = max(sure, key=lambda each: abs(each[1]))
    direction = "too high" if residual > 0 else "too low"
    return f"Where {side.name} predicts about {figure(place)}, it is {figure(abs(residual))} {direction} on average."


def _is_one_sided(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low * high > 0


def _table(drawn: Sequence[tuple[Side, Curve]]) -> tuple[list[str], list[list[str]]]:
    heads = ["Prediction, mean", "Mean error", "95% interval", "Rows"]
    rows = [
        [side.name, figure(place), signed(residual, 3), span(low, high), f"{n:,}"]
        for side, curve in drawn
        for place, residual, (low, high), n in zip(
            curve["prediction"], curve["residual"], _ends(curve), curve["n"], strict=True
        )
    ]
    return (["Version", *heads], rows) if len(drawn) > 1 else (heads, [row[1:] for row in rows])


_LAYOUT = layout(
    "Prediction, mean of the tenth, in the unit of the target",
    "Prediction − truth, mean",
    yaxis={"zeroline": False},
)
