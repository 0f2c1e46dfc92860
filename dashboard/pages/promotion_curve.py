"""The one chart of the promotion page: how candidate and live rank cases, or how far off their numbers are."""

from dataclasses import dataclass
from html import escape
from typing import Any

from dashboard.figures import SHARE, figure
from dashboard.pages.promotion_evidence import Evidence
from evidence.models import Evaluation
from registry.models import Task

#: Shares of false alarms at which the table reads the curves, and shares of the rows.
READ_AT = (0.05, 0.1, 0.2, 0.3, 0.5)
ROWS_READ_AT = (0.5, 0.8, 0.9, 0.96, 1.0)


@dataclass(frozen=True)
class ReadingRow:
    """Where the curves are read, and what each says there; the live one is None without a curve of its own."""

    at: str
    live: str | None
    candidate: str


@dataclass(frozen=True)
class Chart:
    """A drawing for Plotly, its finding in words, and the same as a table: `reads` heads it, each model `says`."""

    drawing: dict[str, Any]
    finding: str
    caption: str
    reads: str
    says: str
    rows: list[ReadingRow]


def chart_of(evidence: Evidence) -> Chart | None:
    """The chart of the version's task, if there is one; None without an evaluation that has a curve."""
    return error_chart(evidence) if evidence.version.task == Task.REGRESSION else ranking_chart(evidence)


def ranking_chart(evidence: Evidence) -> Chart | None:
    """ROC curves; None when there is none: several classes, no evaluation, or one class among the rows."""
    candidate = _curve(evidence.candidate)
    live = _curve(evidence.baseline) if evidence.comparison else None
    if candidate is None:
        return None
    name, live_name = evidence.version.name, evidence.live.name if evidence.live else ""
    traces = [_trace(live, live_name, "var(--series-1)", "dash")] if live else []
    traces.append(_trace(candidate, name, "var(--series-2)", "solid"))
    key = f"Solid: {name}. " + (f"Dashed: {live_name}. " if live else "") + "Dotted: guessing."
    rows = [
        ReadingRow(
            figure(at, SHARE),
            figure(found_at(live, at), SHARE) if live else None,
            figure(found_at(candidate, at), SHARE),
        )
        for at in READ_AT
    ]
    drawing = {"data": [_GUESSING, *traces], "layout": _LAYOUT}
    return Chart(drawing, _finding(evidence), key, "False alarms at most", "finds", rows)


def _curve(evaluation: Evaluation | None) -> dict[str, list[float]] | None:
    roc: dict[str, list[float]] | None = evaluation.curves.get("roc") if evaluation else None
    return roc if roc and roc["fpr"] else None


def found_at(curve: dict[str, list[float]], false_alarms: float) -> float:
    """The largest true positive rate the curve has at no more than that false positive rate."""
    pairs = zip(curve["fpr"], curve["tpr"], strict=True)
    return max((found for alarms, found in pairs if alarms <= false_alarms), default=0.0)


def _finding(evidence: Evidence) -> str:
    name = evidence.version.name
    auc = next((row.difference for row in evidence.measures if row.difference.metric == "auc"), None)
    if auc is None or evidence.live is None:
        own = next((value.value for value in evidence.own_values if value.metric == "auc"), None)
        return f"{name} ranks cases with an AUC of {figure(own)}; guessing has 0.500."
    live = evidence.live.name
    words = {"better": f"{name} ranks cases better than {live}", "worse": f"{name} ranks cases worse than {live}"}
    says = words.get(auc.verdict, f"No measurable difference in how {name} and {live} rank cases")
    return f"{says}: AUC {figure(auc.candidate)} against {figure(auc.baseline)}."


def _trace(curve: dict[str, list[float]], name: str, colour: str, dash: str) -> dict[str, Any]:
    hover = "%{y:.1%} found at %{x:.1%} false alarms"
    return _line(curve["fpr"], curve["tpr"], hover, name=name, colour=colour, dash=dash)


def _line(x: list[float], y: list[float], hover: str, *, name: str, colour: str, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        # Plotly reads tags and links in names; a version's label is somebody's text.
        "name": escape(name),
        "line": {"color": colour, "dash": dash, "width": 2},
        "hovertemplate": hover,
    }


def error_chart(evidence: Evidence) -> Chart | None:
    """How large the errors of a regression are; None without an evaluation."""
    candidate = _errors(evidence.candidate)
    live = _errors(evidence.baseline) if evidence.comparison else None
    if candidate is None:
        return None
    name, live_name = evidence.version.name, evidence.live.name if evidence.live else ""
    traces = [_error_trace(live, live_name, "var(--series-1)", "dash")] if live else []
    traces.append(_error_trace(candidate, name, "var(--series-2)", "solid"))
    key = f"Solid: {name}." + (f" Dashed: {live_name}." if live else "") + " The higher the line, the better."
    rows = [
        ReadingRow(_rows_share(at), figure(off_by(live, at)) if live else None, figure(off_by(candidate, at)))
        for at in ROWS_READ_AT
    ]
    finding = f"{name} is off by at most {rows[0].candidate} in half of the rows" + (
        f"; {live_name} by at most {rows[0].live}." if live else "."
    )
    drawing = {"data": traces, "layout": _ERROR_LAYOUT}
    return Chart(drawing, finding, key, "Share of the rows", "is off by at most", rows)


def _errors(evaluation: Evaluation | None) -> dict[str, list[float]] | None:
    errors: dict[str, list[float]] | None = evaluation.curves.get("errors") if evaluation else None
    return errors if errors and errors["share"] else None


def off_by(errors: dict[str, list[float]], share: float) -> float:
    """How far off so large a share of the rows is at most."""
    pairs = zip(errors["share"], errors["within"], strict=True)
    return next(within for reached, within in pairs if reached >= share - 1e-9)


def _rows_share(share: float) -> str:
    return "All rows" if share == 1 else f"{share:.0%}"


def _error_trace(errors: dict[str, list[float]], name: str, colour: str, dash: str) -> dict[str, Any]:
    hover = "%{y:.0%} of the rows are off by at most %{x:.4g}"
    return _line(errors["within"], errors["share"], hover, name=name, colour=colour, dash=dash)


_GUESSING: dict[str, Any] = {
    "type": "scatter",
    "mode": "lines",
    "x": [0, 1],
    "y": [0, 1],
    "line": {"color": "var(--edge)", "dash": "dot", "width": 1},
    "hoverinfo": "skip",
}
_LAYOUT: dict[str, Any] = {
    "xaxis": {"title": {"text": "False alarms, share of the negative rows"}, "tickformat": ".0%", "range": [0, 1]},
    "yaxis": {"title": {"text": "Found, share of the positive rows"}, "tickformat": ".0%", "range": [0, 1.02]},
}
_ERROR_LAYOUT: dict[str, Any] = {
    "xaxis": {"title": {"text": "Off by at most, in the unit of the target"}, "rangemode": "tozero"},
    "yaxis": {"title": {"text": "Share of the rows"}, "tickformat": ".0%", "range": [0, 1.02]},
}
