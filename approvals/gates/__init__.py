"""The gates Assaydesk knows, by kind. To add one: a file here, its class in `GATES`, a test beside its name."""

from approvals.gates.agreement import AgreementGate
from approvals.gates.artifact_size import ArtifactSize
from approvals.gates.base import Gate, Judged, Side
from approvals.gates.card_complete import CardComplete
from approvals.gates.card_reviewed import CardReviewed
from approvals.gates.cost import Cost
from approvals.gates.explainability import Explainability
from approvals.gates.external_check import ExternalCheck
from approvals.gates.fairness import FairnessGate
from approvals.gates.integrity import Integrity
from approvals.gates.latency import Latency
from approvals.gates.lineage_complete import LineageComplete
from approvals.gates.mean_signed_error import MeanSignedError
from approvals.gates.memory import Memory
from approvals.gates.metric_threshold import MetricThreshold
from approvals.gates.no_regression import NoRegression
from approvals.gates.segment_floor import SegmentFloor
from approvals.gates.signature_compatible import SignatureCompatible

GATES: dict[str, Gate] = {
    gate.kind: gate
    for gate in (
        MetricThreshold(),
        NoRegression(),
        SegmentFloor(),
        MeanSignedError(),
        FairnessGate(),
        AgreementGate(),
        CardComplete(),
        CardReviewed(),
        LineageComplete(),
        SignatureCompatible(),
        Integrity(),
        ArtifactSize(),
        Latency(),
        Memory(),
        Cost(),
        Explainability(),
        ExternalCheck(),
    )
}

__all__ = ["GATES", "Gate", "Judged", "Side"]
