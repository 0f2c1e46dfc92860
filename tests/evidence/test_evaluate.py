"""Running an artifact on locked data, once; and saying why when it can't be run."""

import pickle
import sys

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from audit.models import AuditEvent
from evidence import bubblewrap
from evidence.actions import EvidenceMissing, evaluate, lock_dataset
from evidence.labels import Declaration
from evidence.loading import load_scores
from evidence.models import Evaluation, ExposureEntry
from registry.actions import NewVersion, add_artifact_file, create_dataset, finalise_version, register_version
from registry.stores import store
from tests.evidence import onnx_models
from tests.factories import model_named, persona

pytestmark = pytest.mark.django_db
WEIGHTS = [1.5, -2.0]
CHANCE = np.random.default_rng(11)
INPUTS = CHANCE.normal(size=(60, 2)).round(4)
TRUTH = CHANCE.random(60) < 1 / (1 + np.exp(-INPUTS @ WEIGHTS))


@pytest.fixture
def locked():
    lines = ["id,a,b,word,good"]
    lines += [
        f"r{row},{a},{b},w{row % 3},{int(good)}" for row, ((a, b), good) in enumerate(zip(INPUTS, TRUTH, strict=True))
    ]
    dataset = create_dataset("holdout", actor=persona("sam"))
    return lock_dataset(dataset, ["\n".join(lines).encode()], Declaration("id", "good", "1"), actor=persona("sam"))


def final_version(content: bytes, *, path="model.onnx", files=(), **facts):
    """A final version with this artifact."""
    told = {"format": "onnx", "features": ["a", "b"], "decision_threshold": 0.3, **facts}
    version = register_version(model_named(), NewVersion(**told), actor=persona("dana"))
    for name, held in [(path, content), *files]:
        add_artifact_file(version, name, [held], actor=persona("dana"))
    return finalise_version(version, actor=persona("dana"))


@pytest.fixture
def logistic(tmp_path) -> bytes:
    return onnx_models.logistic(tmp_path / "made.onnx", WEIGHTS).read_bytes()


@pytest.fixture
def children(monkeypatch):
    """Every run of an artifact, still really done."""
    from evidence.runtimes import predict

    runs = []

    def counted(run):
        runs.append(run.name)
        return predict(run)

    # The package has a function of the module's name, so the module is asked for by its full name.
    monkeypatch.setattr(sys.modules["evidence.actions.evaluate"], "predict", counted)
    return runs


def nothing_noted() -> bool:
    return not (Evaluation.objects.exists() or ExposureEntry.objects.exists())


def test_a_model_is_run_and_measured_as_scikit_learn_measures_it(logistic, locked, children):
    evaluation = evaluate(final_version(logistic), locked)
    scores = load_scores(evaluation)
    assert scores == pytest.approx(1 / (1 + np.exp(-INPUTS @ WEIGHTS)), abs=1e-6)
    expected = {
        "auc": roc_auc_score(TRUTH, scores),
        "accuracy": accuracy_score(TRUTH, scores >= 0.3),
        "log_loss": log_loss(TRUTH, scores),
        "recall": recall_score(TRUTH, scores >= 0.3),
        "average_precision": average_precision_score(TRUTH, scores),
        "precision": precision_score(TRUTH, scores >= 0.3),
        "f1": f1_score(TRUTH, scores >= 0.3),
        "brier": brier_score_loss(TRUTH, scores),
    }
    measured = {value.metric: value.value for value in evaluation.values.filter(column="")}
    assert measured.pop("calibration_error") > 0
    assert measured == pytest.approx(expected, abs=1e-12)
    assert children == ["model.onnx"]


def test_an_evaluation_says_how_it_was_made(logistic, locked):
    version = final_version(logistic)
    evaluation = evaluate(version, locked)
    assert (evaluation.provenance, evaluation.rows, evaluation.made_by) == ("executed", 60, None)
    assert evaluation.isolation in {"bubblewrap", "limits"}
    assert evaluation.seconds > 0
    assert evaluation.artifact_digest == version.artifact_digest
    event = AuditEvent.objects.get(verb="version.evaluated")
    assert (event.actor, event.subject_name, event.after["dataset"]) == ("", "loan v1", "holdout@1")


def test_the_roc_curve_is_kept_beside_the_figures(logistic, locked):
    roc = evaluate(final_version(logistic), locked).curves["roc"]
    assert (roc["fpr"][0], roc["tpr"][0], roc["fpr"][-1], roc["tpr"][-1]) == (0, 0, 1, 1)
    assert roc["fpr"] == sorted(roc["fpr"])
    assert roc["tpr"] == sorted(roc["tpr"])


def test_an_evaluation_is_made_once(logistic, locked, children):
    version = final_version(logistic)
    assert evaluate(version, locked) == evaluate(version, locked)
    assert len(children) == Evaluation.objects.count() == 1
    assert ExposureEntry.objects.filter(what="result").count() == 1


def test_the_same_artifact_in_another_version_is_not_run_again(logistic, locked, children):
    first = evaluate(final_version(logistic), locked)
    second = evaluate(final_version(logistic, decision_threshold=0.7), locked)
    assert len(children) == 1
    assert load_scores(second).tolist() == load_scores(first).tolist()
    scores = load_scores(second)
    recall = second.values.get(metric="recall", column="").value
    assert recall == pytest.approx(recall_score(TRUTH, scores >= 0.7))


def test_the_same_artifact_fed_in_another_order_is_run_again(logistic, locked, children):
    first = evaluate(final_version(logistic), locked)
    second = evaluate(final_version(logistic, features=["b", "a"]), locked)
    assert len(children) == 2
    assert load_scores(second).tolist() != load_scores(first).tolist()


def test_each_release_of_a_result_is_in_the_ledger(logistic, locked):
    versions = [final_version(logistic), final_version(logistic)]
    for version in versions:
        evaluate(version, locked)
    entries = ExposureEntry.objects.filter(what="result").order_by("pk")
    assert [(entry.who, entry.version) for entry in entries] == [("", "loan v1"), ("", "loan v2")]


def test_progress_is_told_in_rising_shares(logistic, locked):
    told = []
    evaluate(final_version(logistic), locked, report=lambda share, word: told.append((share, word)))
    assert [word for _, word in told] == ["reading data", "running the model", "measuring"]
    assert [share for share, _ in told] == sorted(share for share, _ in told)


class Canary:
    """Unpickled, it would leave a trace."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


def refused(version, locked) -> EvidenceMissing:
    with pytest.raises(EvidenceMissing) as missing:
        evaluate(version, locked)
    assert nothing_noted()
    assert "Traceback" not in str(missing.value)
    return missing.value


@pytest.mark.parametrize("format", ["pickle", "joblib", "keras"])
def test_a_format_that_runs_code_is_never_loaded(locked, canary, children, format):
    version = final_version(pickle.dumps(Canary(str(canary))), path=f"model.{format}", format=format)
    missing = refused(version, locked)
    assert missing.code == "not_executable"
    assert "never executed here" in str(missing)
    assert "/datasets/holdout/versions/1/inputs" in str(missing)
    assert not canary.exists()
    assert children == []


def test_a_pickle_offered_as_onnx_is_recognised_and_not_loaded(locked, canary):
    missing = refused(final_version(pickle.dumps(Canary(str(canary)))), locked)
    assert missing.code == "not_executable"
    assert "model.onnx is said to be onnx and is a pickle file" in str(missing)
    assert not canary.exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x08\x07" * 500, bytes(range(256)) * 40])
def test_garbage_is_no_evidence_and_named(locked, content):
    missing = refused(final_version(content), locked)
    assert missing.code == "unreadable_artifact"
    assert "model.onnx" in str(missing)


def test_a_truncated_model_is_no_evidence(locked, logistic):
    assert refused(final_version(logistic[: len(logistic) // 2]), locked).code == "unreadable_artifact"


def test_features_the_dataset_does_not_have_are_named(locked, logistic, children):
    missing = refused(final_version(logistic, features=["a", "income", "age"]), locked)
    assert missing.code == "inputs_do_not_fit"
    assert "income, age" in str(missing)
    assert children == []


def test_the_target_and_the_id_are_no_features(locked, logistic, children):
    """A model that is fed the labels would look perfect."""
    for name in ("good", "id"):
        missing = refused(final_version(logistic, features=["a", name]), locked)
        assert missing.code == "inputs_do_not_fit"
        assert name in str(missing)
    assert children == []


def test_a_model_that_wants_more_inputs_is_no_evidence(locked, tmp_path):
    wide = onnx_models.logistic(tmp_path / "wide.onnx", [1, 2, 3]).read_bytes()
    assert refused(final_version(wide), locked).code == "inputs_do_not_fit"


def test_words_where_a_model_wants_numbers_are_no_evidence(locked, logistic):
    assert refused(final_version(logistic, features=["a", "word"]), locked).code == "inputs_do_not_fit"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1.5, -0.5])
def test_scores_that_are_no_probabilities_are_no_evidence(locked, tmp_path, bad):
    answers = np.full((60, 1), 0.5, np.float32)
    answers[7] = bad
    model = onnx_models.answering(tmp_path / "bad.onnx", answers).read_bytes()
    missing = refused(final_version(model), locked)
    assert missing.code == "bad_scores"
    assert "row 7" in str(missing)


def test_a_model_that_never_returns_is_stopped(locked, tmp_path, settings):
    settings.GATE_SECONDS = 2
    model = onnx_models.never_ending(tmp_path / "loop.onnx").read_bytes()
    assert refused(final_version(model), locked).code == "timeout"


@pytest.mark.parametrize("files", [[("second.onnx", b"x")], []], ids=["two", "none"])
def test_which_file_to_run_must_be_clear(locked, logistic, files):
    path = "model.onnx" if files else "model.bin"
    missing = refused(final_version(logistic, path=path, files=files), locked)
    assert missing.code == "unclear_artifact"
    assert "exactly one is run" in str(missing)


def test_changed_bytes_in_the_store_are_not_run(locked, logistic, children):
    version = final_version(logistic)
    digest = version.files.get().sha256
    place = store()._place(digest)
    place.chmod(0o600)
    place.write_bytes(place.read_bytes() + b"!")
    assert refused(version, locked).code == "bytes_changed"
    place.unlink()
    assert refused(version, locked).code == "bytes_changed"
    assert children == []


def test_without_isolation_where_it_is_demanded_nothing_is_run(locked, logistic, settings, monkeypatch):
    settings.REQUIRE_ISOLATION = True
    monkeypatch.setattr(bubblewrap, "works_here", lambda: False)
    assert refused(final_version(logistic), locked).code == "isolation_missing"
