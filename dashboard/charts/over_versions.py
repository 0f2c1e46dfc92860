"""One metric over a model's versions: each with its own interval, and a mark for the stage it is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from dashboard.charts.drawing import Chart, dots, layout, reference
from dashboard.figures import SHARE, figure, span
from evidence.metrics import Metric
from evidence.models import MetricValue, Provenance
from registry.models import Stage, Version

#: How a stage is marked, with what the caption calls the mark. Later ones lie on top.
_MARKS = {
    Stage.ARCHIVED: ("Crosses", ("var(--ink-3)", "solid", "x-thin")),
    Stage.NONE: ("Rings", ("var(--series-1)", "solid", "circle-open")),
    Stage.STAGING: ("Diamonds", ("var(--series-2)", "solid", "diamond")),
    Stage.PRODUCTION: ("Squares", ("var(--series-3)", "solid", "square")),
}
_LABELLED = 8
_LETTERS = 12
#: From so many marks on they are small, so that their intervals are seen.
_MANY = 40


@dataclass(frozen=True)
class Limit:
    """A figure that a policy asks for, with its words: `Loan production asks for at least 0.700`."""

    value: float
    words: str


def over_versions_chart(
    metric: Metric,
    values: Sequence[MetricValue],
    *,
    live: Version | None,
    limits: Sequence[Limit],
    finding: str,
    left_out: bool,
) -> Chart | None:
    """`values` are in the order drawn, one a version; None unless two of them are defined. `left_out`: older ones are
    there that aren't among them."""
    drawn = [value for value in values if value.value is not None]
    if len(drawn) < 2:
        return None
    whole = (0, len(drawn) - 1)
    lines = [_dashed(whole, limit.value) for limit in limits]
    key = [f"Dashed: {limit.words}." for limit in limits]
    of_live = next((value.value for value in drawn if live and value.evaluation.version_id == live.pk), None)
    if live and of_live is not None:
        lines.append(reference(whole, (of_live, of_live)))
        key.insert(0, f"Dotted: what is live, {live.name}.")
    marks, marked = _marks(metric, drawn)
    caption = ["Bars: 95% intervals, each version’s own.", *marked, *key]
    if left_out:
        caption.append(f"The newest {len(values)} versions that were measured.")
    return Chart(
        "over-versions",
        f"{metric.title} over versions",
        {"data": [*lines, _trend(drawn), *marks], "layout": _layout(metric, drawn)},
        finding,
        " ".join(caption),
        ["Version", "Stage", metric.title, "95% interval", "Where from"],
        [_row(metric, value) for value in reversed(values)],
    )


def _trend(drawn: Sequence[MetricValue]) -> dict[str, Any]:
    """A faint line from version to version."""
    y = [value.value for value in drawn]
    faint = {"color": "var(--line-2)", "width": 1}
    return {"type": "scatter", "mode": "lines", "x": list(range(len(y))), "y": y, "line": faint, "hoverinfo": "skip"}


def _marks(metric: Metric, drawn: Sequence[MetricValue]) -> tuple[list[dict[str, Any]], list[str]]:
    """The marks of each stage that has one, and what they mean."""
    traces: list[dict[str, Any]] = []
    words: list[str] = []
    for stage, (title, look) in _MARKS.items():
        at = [place for place, value in enumerate(drawn) if value.evaluation.version.stage == stage]
        if not at:
            continue
        found = [drawn[place] for place in at]
        figures = [value.value for value in found if value.value is not None]
        ends = [(value.low, value.high) for value in found]
        small = {"size": 4, "line": {"color": look[0], "width": 1}} if len(drawn) > _MANY else {}
        trace = dots([*map(float, at)], figures, ends, "%{text}<extra></extra>", name=stage.label, look=look)
        trace["marker"] |= small
        traces.append(trace | {"text": [_words(metric, value) for value in found]})
        words.insert(0, f"{title}: {stage.label}.")
    return traces, words


def _words(metric: Metric, value: MetricValue) -> str:
    version = value.evaluation.version
    own = span(value.low, value.high, metric.unit)
    # Plotly reads tags and links in texts; a version's label is somebody's text.
    named = f"{escape(version.name)}, {version.get_stage_display()}"
    return f"{named}: {figure(value.value, metric.unit)}{f' ({own})' if own else ''}"


def _row(metric: Metric, value: MetricValue) -> list[str]:
    version = value.evaluation.version
    return [
        version.name,
        version.get_stage_display(),
        figure(value.value, metric.unit),
        span(value.low, value.high, metric.unit),
        Provenance(value.evaluation.provenance).label,
    ]


def _dashed(x: tuple[int, int], value: float) -> dict[str, Any]:
    dashed = {"color": "var(--warn)", "dash": "dash", "width": 1.5}
    return {"type": "scatter", "mode": "lines", "x": x, "y": [value, value], "line": dashed, "hoverinfo": "skip"}


def _layout(metric: Metric, drawn: Sequence[MetricValue]) -> dict[str, Any]:
    every = -(-len(drawn) // _LABELLED)
    named = [(at, drawn[at].evaluation.version.name) for at in range(len(drawn) - 1, -1, -every)]
    room = max(0.5, 0.02 * len(drawn))  # so that the marks at both ends are whole
    versions = {
        "tickvals": [at for at, _ in named],
        "ticktext": [escape(name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…") for _, name in named],
        "range": [-room, len(drawn) - 1 + room],
        "zeroline": False,
        "showgrid": False,
    }
    values: dict[str, Any] = {"zeroline": metric.direction == "zero"}
    if metric.unit == SHARE:
        values["tickformat"] = ".1%"
    return layout("", metric.title, xaxis=versions, yaxis=values)
