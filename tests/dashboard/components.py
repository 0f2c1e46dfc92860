"""Figures that the component tests show: one of each kind, from clearly better to not judged."""

from typing import Any

from evidence.differences import Difference, Verdict


def difference(metric: str, change: float, low: float, high: float, verdict: Verdict, **other: Any) -> Difference:
    """A difference against a baseline of 0.8, with everything a row shows."""
    told: dict[str, Any] = {
        "column": "",
        "value": "",
        "n": 597,
        "level": 0.95,
        "method": "",
        "reason": "",
    } | other
    return Difference(
        metric=metric,
        baseline=0.8,
        candidate=0.8 + change,
        difference=change,
        low=low,
        high=high,
        verdict=verdict,
        **told,
    )


MEASURES = [
    (difference("auc", 0.013, 0.011, 0.016, "better"), 0.005),
    (difference("log_loss", -0.023, -0.027, -0.019, "better"), 0.01),
    (difference("accuracy", 0.0022, -0.0005, 0.005, "same"), 0.005),
    (difference("recall", -0.047, -0.063, -0.032, "worse"), 0.02),
    (difference("accuracy", 0.01, -0.004, 0.024, "same"), None),
]
SEGMENTS = [
    difference("recall", -0.047, -0.073, -0.022, "worse", column="age", value="under 25"),
    difference("recall", -0.009, -0.032, 0.013, "same", column="region", value="Scotland"),
]
GATES: list[dict[str, Any]] = [
    {
        "title": "Metric threshold",
        "outcome": "passed",
        "summary": "AUC 0.884 \N{GREATER-THAN OR EQUAL TO} 0.860",
        "provenance": "executed",
        "open": True,
        "facts": [("Rule", "auc at least 0.860"), ("Rows", "597")],
        "log": "predict 1 batch\nmetric auc = 0.88413",
    },
    {"title": "Integrity", "outcome": "failed", "summary": "model.onnx differs", "provenance": ""},
    {
        "title": "Recall by segment",
        "outcome": "waived",
        "summary": "-0.047",
        "provenance": "scored",
        "why": "Agreed.",
    },
    {
        "title": "No regression",
        "outcome": "inconclusive",
        "summary": "needs more rows",
        "provenance": "executed",
    },
    {
        "title": "Card complete",
        "outcome": "running",
        "summary": "",
        "provenance": "",
        "progress": {"share": 0.64, "word": "reading"},
    },
    {"title": "Lineage complete", "outcome": "queued", "summary": "", "provenance": ""},
]
DRAWING = {
    "data": [
        {
            "type": "scatter",
            "x": [0, 0.2, 1],
            "y": [0, 0.7, 1],
            "line": {"color": "var(--series-1)", "dash": "dash"},
        },
        {"type": "scatter", "x": [0, 0.1, 1], "y": [0, 0.8, 1], "line": {"color": "var(--series-2)"}},
    ],
    # Plotly sets text with markup by style attributes, which the policy refuses unless they are translated.
    "layout": {"xaxis": {"title": {"text": "<b>False</b> positive <sup>rate</sup>"}}},
}
