"""How binary models' scores spread: one drawing for the positive rows, one for the others."""

from collections.abc import Mapping
from typing import Any

from dashboard.charts.compared.series import Drawn, heads, marked_line
from dashboard.charts.drawing import Chart, layout
from dashboard.charts.score_distribution import BANDS, middle
from dashboard.figures import number

_TRUTHS: Mapping[str, str] = {"positive": "positive rows", "negative": "other rows"}


def score_spread(drawn: Drawn, truth: str) -> Chart | None:
    """Scores of the rows of one truth, `positive` or `negative`; None where no version has any."""
    curves = [(series, curve[truth]) for series, curve in drawn.having("scores", truth) if sum(curve[truth])]
    if not curves:
        return None
    words = _TRUTHS[truth]
    lines: list[dict[str, Any]] = []
    for series, counts in curves:
        places = [(at + 0.5) / len(counts) for at in range(len(counts))]
        line = marked_line(places, [count / sum(counts) for count in counts], "%{y:.1%} score about %{x:.2f}", series)
        lines.append(line | {"line": {**line["line"], "shape": "hvh"}})
    told = "; ".join(f"{series.name} {number(middle(counts) or 0.0, 2)}" for series, counts in curves)
    table = [
        [f"{band / BANDS:.1f} to {(band + 1) / BANDS:.1f}", *(f"{_in_band(counts, band):,}" for _, counts in curves)]
        for band in range(BANDS)
    ]
    finding = f"Half of the {words} score more than: {told}."
    drawing = {"data": lines, "layout": _LAYOUT}
    title = f"Scores of the {words}"
    return Chart(f"scores-{truth}", title, drawing, finding, "Share of these rows.", heads("Score", curves), table)


def _in_band(counts: Any, band: int) -> int:
    width = len(counts) // BANDS
    return sum(counts[band * width : (band + 1) * width])


_LAYOUT = layout(
    "Score", "Share of the rows", xaxis={"range": [0, 1]}, yaxis={"tickformat": ".0%", "rangemode": "tozero"}
)
