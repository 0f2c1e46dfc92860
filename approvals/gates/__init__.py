"""The gates Assaydesk knows, by kind. To add one: a file here, its class in `GATES`, a test beside its name."""

from approvals.gates.base import Gate, Judged, Side
from approvals.gates.card_complete import CardComplete
from approvals.gates.integrity import Integrity
from approvals.gates.lineage_complete import LineageComplete
from approvals.gates.metric_threshold import MetricThreshold
from approvals.gates.no_regression import NoRegression

GATES: dict[str, Gate] = {
    gate.kind: gate for gate in (MetricThreshold(), NoRegression(), CardComplete(), LineageComplete(), Integrity())
}

__all__ = ["GATES", "Gate", "Judged", "Side"]
