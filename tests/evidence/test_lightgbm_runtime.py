"""LightGBM's text models, really run in the isolated child."""

from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accounts.reasons import Invalid
from approvals.intake import finalise_version
from evidence import bubblewrap, runtimes
from evidence.actions import EvidenceMissing, evaluate
from evidence.isolation import Limits
from evidence.loading import load_inputs, load_scores
from evidence.measuring import Plan
from evidence.runtimes import Run, RuntimeRefused, sniff_format
from evidence.runtimes.child import lightgbm_model
from evidence.runtimes.child.problem import Problem
from registry.actions import add_artifact_file
from registry.models import Model, Version
from tests import factories
from tests.evidence import lightgbm_models, onnx_models
from tests.evidence.lightgbm_models import NAMES, columns_of, inputs, trained, with_line

LIMITS = Limits(seconds=30, cpu_seconds=30)
ROWS = inputs(500, seed=9)
BOTH = [
    pytest.param(
        "bubblewrap",
        marks=pytest.mark.skipif(not bubblewrap.works_here(), reason="bubblewrap doesn't work here"),
    ),
    "limits",
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "model.txt"


def run_of(artifact: Path, columns: Any = None, **contract: Any) -> Run:
    return Run("lightgbm", artifact, artifact.name, columns or columns_of(ROWS), contract, LIMITS, False)


def refusal_of(artifact: Path, columns: Any = None, **contract: Any) -> RuntimeRefused:
    with pytest.raises(RuntimeRefused) as refused:
        runtimes.predict(run_of(artifact, columns, **contract))
    return refused.value


@pytest.mark.parametrize("isolation", BOTH)
def test_probabilities_are_lightgbms_own(model: Path, monkeypatch: pytest.MonkeyPatch, isolation: str) -> None:
    if isolation == "limits":
        monkeypatch.setattr(bubblewrap, "works_here", lambda: False)
    booster = trained()
    booster.save_model(model)
    found = runtimes.predict(run_of(model))
    np.testing.assert_allclose(found.scores, booster.predict(ROWS), rtol=0, atol=1e-12)
    assert (found.isolation, found.log) == (isolation, "")


@pytest.mark.parametrize(
    ("objective", "parameters", "contract"),
    [
        ("binary", {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, {}),
        ("binary", {"use_missing": False}, {}),
        ("binary", {"zero_as_missing": True, "boosting": "dart"}, {}),
        ("multiclass", {"num_class": 3}, {"task": "multiclass", "classes": ["low", "mid", "high"]}),
        ("regression", {}, {"task": "regression"}),
        ("regression", {"reg_sqrt": True}, {"task": "regression"}),
        ("gamma", {"num_leaves": 200}, {"task": "regression"}),
        ("quantile", {}, {"task": "regression"}),
    ],
)
def test_models_of_every_task_answer_as_lightgbm_does(
    model: Path, objective: str, parameters: dict[str, Any], contract: dict[str, Any]
) -> None:
    booster = trained(objective, **parameters)
    booster.save_model(model)
    scores = runtimes.predict(run_of(model, **contract)).scores
    np.testing.assert_allclose(scores, booster.predict(ROWS), rtol=1e-12, atol=1e-12)


def test_the_other_class_can_be_the_positive_one(model: Path) -> None:
    booster = trained()
    booster.save_model(model)
    scores = runtimes.predict(run_of(model, positive_class=0)).scores
    np.testing.assert_allclose(scores, 1 - booster.predict(ROWS), rtol=0, atol=1e-12)


def test_features_are_found_by_name_whatever_their_order(model: Path) -> None:
    booster = trained()
    booster.save_model(model)
    turned = dict(reversed(columns_of(ROWS).items())) | {"unused": ROWS[:, 0]}
    found = runtimes.predict(run_of(model, turned))
    np.testing.assert_array_equal(found.scores, runtimes.predict(run_of(model)).scores)
    assert found.log == "The model takes no notice of unused.\n"


def test_the_contract_can_name_the_models_feature_for_each_of_ours(model: Path) -> None:
    trained().save_model(model)
    ours = {f"ours {name}": values for name, values in columns_of(ROWS).items()}
    scores = runtimes.predict(run_of(model, ours, inputs=list(NAMES))).scores
    np.testing.assert_array_equal(scores, runtimes.predict(run_of(model)).scores)


def test_a_file_without_names_takes_the_features_by_place(model: Path) -> None:
    booster = trained(names=[f"Column_{place}" for place in range(4)])
    booster.save_model(model)
    scores = runtimes.predict(run_of(model)).scores
    np.testing.assert_allclose(scores, booster.predict(ROWS), rtol=0, atol=1e-12)
    three = {name: values for name, values in columns_of(ROWS).items() if name != "debt"}
    assert refusal_of(model, three).text == "model.txt wants 4 features, the dataset offers 3"


def test_a_missing_feature_and_a_column_of_text_are_named(model: Path) -> None:
    trained().save_model(model)
    columns = columns_of(ROWS)
    three = {name: values for name, values in columns.items() if name != "debt"}
    assert refusal_of(model, three).text == "model.txt wants 4 features, the dataset offers 3: missing debt"
    refused = refusal_of(model, columns | {"age": np.array(["old"] * len(ROWS), dtype=object)})
    assert (refused.code, refused.text) == (
        "inputs_do_not_fit",
        "model.txt takes numbers where column age holds text",
    )


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        ({"task": "regression"}, "has the objective binary; it is regression"),
        ({"task": "multiclass", "classes": ["a", "b"]}, "has the objective binary; it is multiclass"),
        ({"output": "probabilities"}, "has one answer without a name"),
    ],
)
def test_an_answer_of_another_kind_is_refused(model: Path, contract: dict[str, Any], said: str) -> None:
    trained(rounds=2).save_model(model)
    refused = refusal_of(model, **contract)
    assert refused.code == "no_probability_output"
    assert said in refused.text


def test_another_number_of_classes_is_refused(model: Path) -> None:
    trained("multiclass", rounds=2, num_class=3).save_model(model)
    refused = refusal_of(model, task="multiclass", classes=["a", "b"])
    assert refused.text == "model.txt tells 3 classes apart, its contract lists 2"


def test_splits_by_categories_are_refused_with_what_to_do(model: Path) -> None:
    trained(categorical=[0, 1]).save_model(model)
    refused = refusal_of(model)
    assert refused.code == "not_executable"
    assert "splits by categories" in refused.text
    assert "hand in its predictions" in refused.remedy


@pytest.mark.parametrize(("key", "values"), [("left_child", "1 2 2 3 4 5"), ("split_feature", "9 0 0 0 0 0")])
def test_a_damaged_file_is_refused_before_lightgbm_opens_it(model: Path, key: str, values: str) -> None:
    model.write_text(with_line(trained(rounds=3).model_to_string(), 1, key, values))
    refused = refusal_of(model)
    assert refused.code == "unreadable_artifact"
    assert refused.text.startswith("model.txt is no usable LightGBM model: tree 1 ")
    assert "save_model" in refused.remedy


def test_predictions_that_overflow_are_refused(model: Path) -> None:
    text = trained("regression", rounds=2).model_to_string()
    for tree in (0, 1):
        text = with_line(text, tree, "leaf_value", " ".join(["1.7e308"] * 7))
    model.write_text(text)
    assert refusal_of(model, task="regression").code == "bad_scores"


def test_a_pickle_said_to_be_lightgbm_is_never_read(model: Path) -> None:
    model.write_bytes(b"\x80\x04\x95")
    assert refusal_of(model).code == "not_executable"


def test_an_onnx_file_said_to_be_lightgbm_is_named(model: Path) -> None:
    onnx_models.logistic(model, [1, 2, 3, 4])
    assert refusal_of(model).text == "model.txt is said to be lightgbm and is a onnx file"


def test_the_text_is_told_by_its_first_bytes() -> None:
    assert sniff_format(b"tree\nversion=v4\n", "anything.dat") == "lightgbm"
    assert sniff_format(b"tree\r\nversion=v4\r\n", "model.txt") == "lightgbm"
    assert sniff_format(b"trees are green\n", "notes.txt") is None


def test_a_round_of_timing_has_the_calls_asked_for(model: Path) -> None:
    trained().save_model(model)
    found = runtimes.time_round(run_of(model), Plan(batch_rows=2, calls=12, seconds=5))
    assert len(found.milliseconds) == 12
    assert 0 < found.idle_bytes < found.peak_bytes


def test_without_its_package_a_model_is_refused_naming_the_extra(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(rounds=1).save_model(model)
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    refused = refusal_of(model)
    assert (refused.code, refused.text) == ("runtime_missing", "model.txt can't be run: lightgbm isn't installed here")
    assert "make run EXTRAS=lightgbm" in refused.remedy


def test_a_machine_without_openmp_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any) -> Any:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")
        return real(name, *rest)

    monkeypatch.setattr(lightgbm_model, "UNUSED_PACKAGES", ())
    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(Problem, match=r"libgomp\.so\.1") as told:
        lightgbm_model.imported()
    assert (told.value.code, "apt install libgomp1" in told.value.remedy) == ("runtime_missing", True)


def test_a_look_at_a_file_needs_no_lightgbm() -> None:
    source = "import sys, evidence.runtimes.child.lightgbm_model; print('lightgbm' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"


# --- As a version ------------------------------------------------------------------------------------------


@pytest.fixture
def loan(db: None) -> Model:
    factories.personas()
    return factories.model_named()


def registered(loan: Model, *files: tuple[str, bytes], **facts: Any) -> Version:
    """A version of one feature, amount unless told otherwise, with these files, finalised."""
    told = {"format": "lightgbm", "features": ["amount"], **facts}
    version = factories.version_of(loan, final=False, **told)
    for path, content in files:
        add_artifact_file(version, path, [content], actor=factories.persona("dana"))
    finalise_version(version, actor=factories.persona("dana"))
    version.refresh_from_db()
    return version


@pytest.fixture(scope="module")
def of_amount() -> bytes:
    """A model of one feature."""
    import lightgbm

    amounts = np.arange(400.0).reshape(-1, 1)
    data = lightgbm.Dataset(amounts, np.arange(400) % 2, feature_name=["amount"])
    return lightgbm.train({"objective": "binary", "verbose": -1}, data, 5).model_to_string().encode()


def test_a_version_is_evaluated_by_its_text_model(loan: Model, of_amount: bytes) -> None:
    import lightgbm

    locked = factories.holdout()
    version = registered(loan, ("model.lightgbm", of_amount), ("notes.txt", b"tree of thoughts"))
    evaluation = evaluate(version, locked)
    amounts = load_inputs(locked, ["amount"])["amount"].astype(float)
    expected = lightgbm.Booster(model_str=of_amount.decode()).predict(amounts.reshape(-1, 1))
    np.testing.assert_allclose(load_scores(evaluation), expected, rtol=0, atol=1e-12)
    assert evaluation.provenance == "executed"


def test_two_files_that_could_be_the_model_are_refused(loan: Model, of_amount: bytes) -> None:
    version = registered(loan, ("a.txt", of_amount), ("b.txt", of_amount))
    with pytest.raises(EvidenceMissing, match=r"has 2 files ending in \.lightgbm or \.txt; exactly one is run"):
        evaluate(version, factories.holdout())


def test_a_version_of_a_kind_that_is_not_run_is_not_finalised(loan: Model) -> None:
    text = trained(categorical=[0, 1]).model_to_string()
    with pytest.raises(Invalid, match="splits by categories"):
        registered(loan, ("model.txt", text.encode()), features=list(NAMES))


def test_a_version_whose_features_are_not_the_files_is_not_finalised(loan: Model) -> None:
    with pytest.raises(Invalid, match="wants 4 features, the dataset offers 1: missing age"):
        registered(loan, ("model.txt", lightgbm_models.trained(rounds=1).model_to_string().encode()))
