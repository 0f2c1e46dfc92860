"""Predictions handed in: how large the file may be."""

from django.http import HttpResponse

from evidence.models import Evaluation
from registry.models import Model
from tests import factories
from tests.api.caller import Caller, ok, problem_of
from tests.approvals.sampled_versions import sample

ROWS, CLASSES = 1000, [f"class {place}" for place in range(60)]


def send(dana: Caller, loan: Model, probability: str, task: str) -> HttpResponse:
    """The same probability of every class for every row of the unlabelled sample."""
    contract = {"classes": CLASSES} if task == "multiclass" else {}
    version = factories.version_of(loan, task=task, format="pickle", contract=contract)
    sample(ROWS, task=task)
    lines = [",".join(["id", *CLASSES]), *(",".join([f"r{row}", *[probability] * len(CLASSES)]) for row in range(ROWS))]
    path = f"/models/loan/versions/{version.number}/predictions?dataset=recent@1"
    return dana.send("POST", path, "\n".join(lines), "text/csv")


def test_predictions_for_rows_without_labels_may_have_a_column_for_each_class_of_the_version(
    dana: Caller, loan: Model
) -> None:
    ok(send(dana, loan, f"{1 / len(CLASSES):.20f}", "multiclass"), 201)
    assert Evaluation.objects.get().rows == ROWS


def test_a_file_larger_than_predictions_can_be_is_refused(dana: Caller, loan: Model) -> None:
    problem_of(send(dana, loan, "0.01666666666666666667", "regression"), 413, "too_large")
