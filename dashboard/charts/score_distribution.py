"""How a binary model's scores spread, apart for rows that are positive and rows that aren't."""

from collections.abc import Sequence
from typing import Any

from dashboard.charts.drawing import Chart, Curve, Side, Sides, layout, line
from dashboard.figures import figure

#: The rows' truth, its words, its colour, and the dashes of the version's own line and the other's.
_TRUTHS = (
    ("positive", "positive", "var(--series-2)", ("solid", "dash")),
    ("negative", "other", "var(--series-3)", ("dot", "dashdot")),
)
#: Scores at which the table reads the distribution.
BANDS = 10


def score_distribution_chart(sides: Sides) -> Chart | None:
    """None without an evaluation."""
    drawn = sides.curves("scores")
    if not drawn:
        return None
    lines = [
        _steps(curve[truth], f"{side.name}, {words}", colour, dashes[at])
        for at, (side, curve) in enumerate(drawn)
        for truth, words, colour, dashes in _TRUTHS
        if sum(curve[truth])
    ]
    (own, curve), *others = drawn
    caption = f"Solid: positive rows of {own.name}. Dotted: the others."
    if others:
        caption += f" Dashed and dash-dotted: the same of {others[0][0].name}."
    drawing = {"data": lines[::-1], "layout": _LAYOUT}
    heads, rows = _table(drawn)
    return Chart("scores", "Scores by truth", drawing, _finding(own, curve), caption, heads, rows)


def _steps(counts: Sequence[int], name: str, colour: str, dash: str) -> dict[str, Any]:
    shares = [count / sum(counts) for count in counts]
    places = [(at + 0.5) / len(counts) for at in range(len(counts))]
    drawn = line(places, shares, "%{y:.1%} score about %{x:.2f}", name=name, look=(colour, dash, ""))
    return drawn | {"line": {**drawn["line"], "shape": "hvh"}}


def middle(counts: Sequence[int]) -> float | None:
    """The score that about half of the rows lie below, to the width of a bin; None without rows."""
    half, below = sum(counts) / 2, 0
    for at, count in enumerate(counts):
        if count and below + count >= half:
            return (at + (half - below) / count) / len(counts)
        below += count
    return None


def _finding(side: Side, curve: Curve) -> str:
    positive, other = middle(curve["positive"]), middle(curve["negative"])
    if positive is None or other is None:
        return f"Half of the rows, all of one kind, get more than {figure(positive or other)} from {side.name}."
    return (
        f"Half of the positive rows get more than {positive:.2f} from {side.name}, half of the others less than "
        f"{other:.2f}."
    )


def _table(drawn: Sequence[tuple[Side, Curve]]) -> tuple[list[str], list[list[str]]]:
    heads = ["Score"] + [f"{side.name}, {words} rows" for side, _ in drawn for _, words, *_ in _TRUTHS]
    rows = []
    for band in range(BANDS):
        counts = [_in_band(curve[truth], band) for _, curve in drawn for truth, *_ in _TRUTHS]
        rows.append([f"{band / BANDS:.1f} to {(band + 1) / BANDS:.1f}", *(f"{count:,}" for count in counts)])
    return heads, rows


def _in_band(counts: Sequence[int], band: int) -> int:
    width = len(counts) // BANDS
    return sum(counts[band * width : (band + 1) * width])


_LAYOUT = layout(
    "Score",
    "Share of the rows of that truth",
    xaxis={"range": [0, 1]},
    yaxis={"tickformat": ".0%", "rangemode": "tozero"},
)
