"""The one chart of the promotion page: how candidate and live rank cases, as ROC curves."""

from dataclasses import dataclass
from html import escape
from typing import Any

from dashboard.figures import figure
from dashboard.pages.promotion_evidence import Evidence
from evidence.models import Evaluation

#: Shares of false alarms at which the table reads the curves.
READ_AT = (0.05, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True)
class ReadingRow:
    """What each model finds at most so many false alarms; the live one is None without a curve of its own."""

    false_alarms: float
    live: float | None
    candidate: float


@dataclass(frozen=True)
class RankingChart:
    """A drawing for Plotly, its finding in words, and the same as a table."""

    drawing: dict[str, Any]
    finding: str
    caption: str
    rows: list[ReadingRow]


def ranking_chart(evidence: Evidence) -> RankingChart | None:
    """None when there is no curve: no evaluation, or only one class among the rows."""
    candidate = _curve(evidence.candidate)
    live = _curve(evidence.baseline) if evidence.comparison else None
    if candidate is None:
        return None
    name, live_name = evidence.version.name, evidence.live.name if evidence.live else ""
    traces = [_trace(live, live_name, "var(--series-1)", "dash")] if live else []
    traces.append(_trace(candidate, name, "var(--series-2)", "solid"))
    key = f"Solid: {name}. " + (f"Dashed: {live_name}. " if live else "") + "Dotted: guessing."
    rows = [ReadingRow(at, found_at(live, at) if live else None, found_at(candidate, at)) for at in READ_AT]
    return RankingChart({"data": [_GUESSING, *traces], "layout": _LAYOUT}, _finding(evidence), key, rows)


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
    return {
        "type": "scatter",
        "mode": "lines",
        "x": curve["fpr"],
        "y": curve["tpr"],
        # Plotly reads tags and links in names; a version's label is somebody's text.
        "name": escape(name),
        "line": {"color": colour, "dash": dash, "width": 2},
        "hovertemplate": "%{y:.1%} found at %{x:.1%} false alarms",
    }


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
