"""Everything that makes evidence, a topic a file."""

from evidence.actions.agree import agree_evaluations
from evidence.actions.ask import ask_comparisons
from evidence.actions.compare import compare_evaluations
from evidence.actions.datasets import hand_out_inputs, lock_dataset, lock_dataset_from_s3
from evidence.actions.evaluate import EvidenceMissing, evaluate
from evidence.actions.explain import explain
from evidence.actions.measure import measure_together
from evidence.actions.predictions import hand_in_predictions
from evidence.actions.report import report_metrics

__all__ = [
    "EvidenceMissing",
    "agree_evaluations",
    "ask_comparisons",
    "compare_evaluations",
    "evaluate",
    "explain",
    "hand_in_predictions",
    "hand_out_inputs",
    "lock_dataset",
    "lock_dataset_from_s3",
    "measure_together",
    "report_metrics",
]
