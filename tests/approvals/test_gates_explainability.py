from pathlib import Path
from typing import Any

import pytest

from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.gates import GATES
from approvals.models import GateRun
from evidence.models import Importance, LockedDataset
from registry.models import Model
from registry.stores import store
from tests import factories
from tests.approvals.judging import judge
from tests.evidence.explained_versions import answering_by, people

BY_MONEY = [1.5, -1.0, 0.0]
REPORT = ("shap/report.html", b"<p>Income matters most.</p>")


@pytest.fixture
def locked(loan: Model) -> LockedDataset:
    return people()


def judged(
    loan: Model, folder: Path, weights: list[float], *files: tuple[str, bytes], format: str = "onnx", **parameters: Any
) -> GateRun:
    version = answering_by(loan, weights, folder, *files, format=format)
    return judge(version, "explainability", dataset="people@1", **parameters)


def test_a_model_that_is_run_here_is_explained_by_what_its_inputs_are_worth(
    loan: Model, locked: LockedDataset, tmp_path: Path
) -> None:
    run = judged(loan, tmp_path, BY_MONEY)
    assert (run.outcome, run.provenance) == ("passed", "executed")
    importance = Importance.objects.get(metric="log_loss")
    income, debt, _ = importance.result["features"]
    total = income["drop"] + debt["drop"]
    assert run.summary == f"Rests on income {income['drop'] / total:.0%}, debt {debt['drop'] / total:.0%} on people@1"
    assert run.details["evidence"] == [importance.digest]


def test_facts_tell_each_input_with_its_interval_and_how_it_was_drawn(
    loan: Model, locked: LockedDataset, tmp_path: Path
) -> None:
    facts = dict(judged(loan, tmp_path, BY_MONEY).details["facts"])
    income = Importance.objects.get(metric="log_loss").result["features"][0]
    drop, low, high = (f"{income[key]:+.3f}" for key in ("drop", "low", "high"))
    assert facts["income"].startswith(f"Log loss {drop} when shuffled ({low} to {high}), ")
    assert facts["gender"] == "Log loss +0.000 when shuffled (+0.000 to +0.000), 0% of all"
    assert facts["Sample"].startswith("600 rows drawn by seed ")
    assert facts["Sample"].endswith("each input shuffled 5 times")


def test_another_metric_can_be_asked_for(loan: Model, locked: LockedDataset, tmp_path: Path) -> None:
    facts = dict(judged(loan, tmp_path, BY_MONEY, metric="auc").details["facts"])
    assert facts["income"].startswith("AUC \N{MINUS SIGN}0.")


def test_an_input_that_must_not_matter_passes_while_it_does_not(
    loan: Model, locked: LockedDataset, tmp_path: Path
) -> None:
    assert judged(loan, tmp_path, BY_MONEY, not_by=["gender"]).outcome == "passed"


def test_an_input_that_must_not_matter_fails_when_its_interval_is_above_zero(
    loan: Model, locked: LockedDataset, tmp_path: Path
) -> None:
    run = judged(loan, tmp_path, BY_MONEY, not_by=["gender", "debt"])
    assert run.outcome == "failed"
    assert run.summary.startswith("debt matters: Log loss +0.")
    assert "gender" not in run.summary


@pytest.mark.parametrize(("most", "outcome"), [(0.5, "failed"), (0.99, "passed")])
def test_one_input_may_carry_no_more_than_its_share(
    loan: Model, locked: LockedDataset, tmp_path: Path, most: float, outcome: str
) -> None:
    run = judged(loan, tmp_path, BY_MONEY, most_share=most)
    assert run.outcome == outcome
    if outcome == "failed":
        assert run.summary.startswith("income carries ")
        assert run.summary.endswith("of all importance, more than 50% on people@1")


def test_a_model_that_takes_no_notice_of_anything_says_so(loan: Model, locked: LockedDataset, tmp_path: Path) -> None:
    run = judged(loan, tmp_path, [0.0, 0.0, 0.0], most_share=0.5)
    assert (run.outcome, run.summary) == ("passed", "No input matters: shuffling none makes it worse on people@1")


def test_a_version_that_is_never_run_is_inconclusive_with_the_remedy(
    loan: Model, locked: LockedDataset, tmp_path: Path
) -> None:
    run = judged(loan, tmp_path, BY_MONEY, format="pickle")
    assert run.outcome == "inconclusive"
    assert "is a pickle file, which isn't run here" in run.summary
    assert "Attach a report" in run.summary


def test_a_report_among_its_files_passes_as_the_pipelines_word(
    loan: Model, locked: LockedDataset, tmp_path: Path
) -> None:
    run = judged(loan, tmp_path, BY_MONEY, REPORT, format="pickle", report="shap/report.html")
    assert (run.outcome, run.provenance) == ("passed", "reported")
    assert run.summary == "shap/report.html, 27 bytes, came with loan v1"


@pytest.mark.parametrize("files", [(), (("shap/report.html", b""),)])
def test_a_report_that_is_missing_or_empty_is_none(
    loan: Model, locked: LockedDataset, tmp_path: Path, files: Any
) -> None:
    run = judged(loan, tmp_path, BY_MONEY, *files, format="pickle", report="shap/report.html")
    assert run.outcome == "inconclusive"
    assert run.summary.endswith("Among its files is no shap/report.html.")


@pytest.mark.parametrize("rule", [{"not_by": ["gender"]}, {"most_share": 0.5}])
def test_a_report_cannot_answer_for_single_inputs(
    loan: Model, locked: LockedDataset, tmp_path: Path, rule: dict[str, Any]
) -> None:
    run = judged(loan, tmp_path, BY_MONEY, REPORT, format="pickle", report="shap/report.html", **rule)
    assert run.outcome == "inconclusive"
    assert "which inputs matter can't be told here, so read it" in run.summary


def test_a_file_that_cannot_be_run_is_an_error_not_a_doubt(loan: Model, locked: LockedDataset, tmp_path: Path) -> None:
    version = factories.version_of(loan, features=["income"])
    run = judge(version, "explainability", dataset="people@1")
    assert run.outcome == "error"
    assert "no usable ONNX model" in run.summary


def test_inputs_that_the_data_do_not_have_are_refused_when_the_policy_is_published(locked: LockedDataset) -> None:
    parameters = {"dataset": "people@1", "not_by": ["religion"]}
    gates = [{"key": "asked", "kind": "explainability", "parameters": parameters}]
    with pytest.raises(Invalid, match="people@1 has no input religion"):
        publish_policy("Asked", {"gates": gates}, actor=None, target_stage="Staging")


def test_a_metric_of_another_task_is_refused_when_the_policy_is_published(locked: LockedDataset) -> None:
    parameters = {"dataset": "people@1", "metric": "mae"}
    gates = [{"key": "asked", "kind": "explainability", "parameters": parameters}]
    with pytest.raises(Invalid, match="MAE doesn't exist for binary models"):
        publish_policy("Asked", {"gates": gates}, actor=None, target_stage="Staging")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"most_share": 0}, "most_share must be above 0 and at most 1"),
        ({"most_share": 80}, "most_share must be above 0 and at most 1"),
        ({"metric": "recall"}, "metric must be one of log_loss, auc, accuracy, mae"),
        ({"not_by": "gender"}, "not_by must be a list of texts"),
        ({"report": 1}, "report must be text"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["explainability"].read_parameters({"dataset": "people@1", **wrong})


def test_no_report_speaks_for_a_file_that_is_not_what_was_registered(
    loan: Model, locked: LockedDataset, tmp_path: Path
) -> None:
    version = answering_by(loan, BY_MONEY, tmp_path, REPORT)
    store().remove(version.files.get(path="model.onnx").sha256)
    run = judge(version, "explainability", dataset="people@1", report="shap/report.html")
    assert run.outcome == "error"
    assert "gone or not what was registered" in run.summary
    assert run.details["unreadable"]
