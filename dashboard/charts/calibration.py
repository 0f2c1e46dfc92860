"""Whether scores mean what they say: what happens among rows that got about the same score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.charts.drawing import (
    SHARE_AXIS,
    Chart,
    Curve,
    Side,
    Sides,
    dots,
    layout,
    line_key,
    reference,
    styles,
)
from dashboard.figures import SHARE, difference, figure, number, span


@dataclass(frozen=True)
class _Words:
    """How a kind of score is spoken of."""

    title: str
    heads: tuple[str, str]
    opening: str
    truth: str
    says: str
    happens: str
    dotted: str
    layout: dict[str, Any]


def calibration_chart(sides: Sides, *, of_likeliest: bool = False) -> Chart | None:
    """Of a binary model's scores, or of how likely a model holds the likeliest class; None without either stored."""
    drawn = [(side, curve) for side, curve in sides.curves("calibration") if curve["n"]]
    if not drawn:
        return None
    words = _LIKELIEST if of_likeliest else _SCORES
    caption = f"{line_key(sides, marks=('Filled', 'Hollow'))} Bars: 95% intervals. Dotted: {words.dotted}."
    drawing = {"data": [reference((0, 1), (0, 1)), *_dots(drawn)], "layout": words.layout}
    heads = [*words.heads, "95% interval", "Gap", "Rows"]
    return Chart("calibration", words.title, drawing, _finding(drawn, words), caption, *_table(heads, drawn))


def _dots(drawn: Sequence[tuple[Side, Curve]]) -> list[dict[str, object]]:
    hover = "%{y:.1%} at %{x:.1%}"
    return [
        dots(
            curve["score"],
            curve["observed"],
            list(zip(curve["low"], curve["high"], strict=True)),
            hover,
            name=side.name,
            look=look,
        )
        for side, curve, look in styles(drawn)
    ]


def mean_gap(curve: Curve) -> float:
    """How far scores are from what happens, on average over the rows."""
    rows = zip(curve["score"], curve["observed"], curve["n"], strict=True)
    return float(sum(n * abs(observed - score) for score, observed, n in rows) / sum(curve["n"]))


def _finding(drawn: Sequence[tuple[Side, Curve]], words: _Words) -> str:
    (own, curve), *others = drawn
    widest = max(_bins(curve), key=lambda each: abs(each[1] - each[0]) * each[4])
    beside = "".join(f" ({_gap(each)} for {side.name})" for side, each in others)
    return (
        f"{words.opening.format(own.name)} is {_gap(curve)} from {words.truth}, on average{beside}. It weighs most "
        f"where {figure(widest[0], SHARE)} is {words.says} and {figure(widest[1], SHARE)} {words.happens}."
    )


def _gap(curve: Curve) -> str:
    return f"{number(100 * mean_gap(curve), 2)} pts"


def _bins(curve: Curve) -> list[tuple[float, float, float | None, float | None, int]]:
    return list(zip(*(curve[key] for key in ("score", "observed", "low", "high", "n")), strict=True))


def _table(heads: list[str], drawn: Sequence[tuple[Side, Curve]]) -> tuple[list[str], list[list[str]]]:
    """With a column that names the version when there are two."""
    rows = [
        [
            figure(score, SHARE),
            figure(observed, SHARE),
            span(low, high, SHARE),
            difference(observed - score, SHARE),
            f"{n:,}",
        ]
        for _, curve in drawn
        for score, observed, low, high, n in _bins(curve)
    ]
    if len(drawn) == 1:
        return heads, rows
    names = [side.name for side, curve in drawn for _ in curve["n"]]
    return ["Version", *heads], [[name, *row] for name, row in zip(names, rows, strict=True)]


_AXES = {"xaxis": SHARE_AXIS, "yaxis": SHARE_AXIS}
_SCORES = _Words(
    title="Calibration",
    heads=("Scored on average", "Came true"),
    opening="What {} scores",
    truth="what happens",
    says="scored",
    happens="came true",
    dotted="scores that come true",
    layout=layout("Score, mean of the bin", "Came true, share of its rows", **_AXES),
)
_LIKELIEST = _Words(
    title="Calibration of the likeliest class",
    heads=("Held likely on average", "Was right"),
    opening="How likely {} holds its decision",
    truth="how often it is right",
    says="held likely",
    happens="was right",
    dotted="as often right as held likely",
    layout=layout("Probability of the likeliest class, mean of the bin", "Right, share of its rows", **_AXES),
)
