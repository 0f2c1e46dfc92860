"""How far scores are from what happens, bin by bin: above zero more comes true than was scored."""

from dashboard.charts.calibration import mean_gap
from dashboard.charts.compared.series import Drawn, bars, marked_line
from dashboard.charts.drawing import SHARE_AXIS, Chart, Curve, layout, reference
from dashboard.figures import SHARE, difference, figure, number


def calibration_gap(drawn: Drawn) -> Chart | None:
    """Of scores, or of how likely a model of several classes holds the likeliest; None where nothing is stored."""
    curves = drawn.having("calibration", "n")
    if not curves:
        return None
    lines = []
    for series, curve in curves:
        gaps, ends = _gaps(curve), _ends(curve)
        line = marked_line(curve["score"], gaps, "%{y:+.1f} pts at a score of %{x:.1%}", series)
        # Each bin has its mark and its interval: a wide gap of few rows must not look exact.
        every = line["marker"] | {"maxdisplayed": 0}
        lines.append(line | {"error_y": bars(gaps, ends, series) | {"thickness": 1}, "marker": every})
    told = "; ".join(f"{series.name} {_points(mean_gap(curve))}" for series, curve in curves)
    finding = f"Scores are off from what happens, on average over the rows, by: {told}."
    finding = drawn.said_of("calibration_error", best="stays nearest to what happens") or finding
    drawing = {"data": [reference((0, 1), (0, 0)), *lines], "layout": _LAYOUT}
    caption = "Came true − scored, mean of each bin. Bars: 95% intervals."
    rows = [
        [series.name, figure(score, SHARE), figure(observed, SHARE), difference(observed - score, SHARE), f"{n:,}"]
        for series, curve in curves
        for score, observed, n in zip(curve["score"], curve["observed"], curve["n"], strict=True)
    ]
    heads = ["Version", "Scored on average", "Came true", "Gap", "Rows"]
    return Chart("calibration-gap", "Calibration gap", drawing, finding, caption, heads, rows)


def _gaps(curve: Curve) -> list[float]:
    """In points."""
    return [100 * (observed - score) for score, observed in zip(curve["score"], curve["observed"], strict=True)]


def _ends(curve: Curve) -> list[tuple[float | None, float | None]]:
    triples = zip(curve["score"], curve["low"], curve["high"], strict=True)
    return [
        (None if low is None else 100 * (low - score), None if high is None else 100 * (high - score))
        for score, low, high in triples
    ]


def _points(gap: float) -> str:
    return f"{number(100 * gap, 2)} pts"


_LAYOUT = layout(
    "Score, mean of the bin",
    "Came true − scored",
    xaxis=SHARE_AXIS,
    yaxis={"tickformat": "+.0f", "ticksuffix": " pts", "zeroline": False},
)
