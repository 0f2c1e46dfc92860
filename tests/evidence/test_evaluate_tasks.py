"""Regression and several classes through the real path: locked, run, measured; and what a threshold changes."""

import io

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, root_mean_squared_error

from accounts.reasons import Invalid
from approvals.intake import finalise_version as finalise_through_intake
from evidence.actions import EvidenceMissing, compare_evaluations, evaluate, hand_in_predictions, lock_dataset
from evidence.comparison import Comparison
from evidence.labels import Declaration
from evidence.loading import load_rows, load_scores
from evidence.models import Evaluation
from registry.actions import NewVersion, add_artifact_file, create_dataset, finalise_version, register_version
from tests.evidence import onnx_models
from tests.factories import model_named, persona

pytestmark = pytest.mark.django_db
CHANCE = np.random.default_rng(17)
ROWS = 240
INPUTS = CHANCE.normal(size=(ROWS, 3)).round(4)
FARES = np.exp(4 + INPUTS @ [0.5, -0.2, 0.0] + CHANCE.normal(0, 0.1, ROWS)).round(2)
# "10" sorts before "9" as text and after it as a number.
LABELS = np.array(["8", "9", "10"])[np.argmax(INPUTS + CHANCE.normal(0, 0.7, INPUTS.shape), axis=1)]
GROUPS = np.where(np.arange(ROWS) % 3, "far", "near")


def locked_with(target, **declared):
    lines = ["id,a,b,c,group,target"]
    lines += [f"r{n},{a},{b},{c},{GROUPS[n]},{target[n]}" for n, (a, b, c) in enumerate(INPUTS)]
    dataset = create_dataset(f"holdout-{declared['task']}", actor=persona("sam"))
    declaration = Declaration("id", "target", segments=["group"], **declared)
    return lock_dataset(dataset, ["\n".join(lines).encode()], declaration, actor=persona("sam"))


@pytest.fixture
def fares():
    return locked_with(FARES, task="regression")


@pytest.fixture
def sorts():
    return locked_with(LABELS, task="multiclass")


def final_version(file, *, finalise=finalise_version, **facts):
    version = register_version(
        model_named(), NewVersion(**{"format": "onnx", "features": ["a", "b", "c"], **facts}), actor=persona("dana")
    )
    content = file if isinstance(file, bytes) else file.read_bytes()
    add_artifact_file(version, f"model.{version.format}", [content], actor=persona("dana"))
    return finalise(version, actor=persona("dana"))


def values_of(evaluation):
    return {value.metric: value.value for value in evaluation.values.filter(column="")}


@pytest.fixture
def forest(tmp_path):
    fitted = RandomForestRegressor(10, random_state=0).fit(INPUTS, FARES)
    return onnx_models.exported(tmp_path / "forest.onnx", fitted, 3)


@pytest.fixture
def sorter():
    return LogisticRegression().fit(INPUTS, LABELS)


def test_what_is_locked_knows_its_task_and_its_classes_in_order(fares, sorts):
    assert (fares.task, fares.classes, fares.positives) == ("regression", [], None)
    assert (sorts.task, sorts.classes, sorts.positive_label) == ("multiclass", ["8", "9", "10"], "")
    assert load_rows(fares).truth.tolist() == FARES.tolist()
    assert np.array(sorts.classes)[load_rows(sorts).truth].tolist() == LABELS.tolist()


def test_a_regression_is_run_and_measured_as_scikit_learn_measures_it(forest, fares):
    evaluation = evaluate(final_version(forest, task="regression"), fares)
    predicted = load_scores(evaluation)
    assert evaluation.provenance == "executed"
    values = values_of(evaluation)
    assert values["mae"] == pytest.approx(mean_absolute_error(FARES, predicted))
    assert values["rmspe"] == pytest.approx(root_mean_squared_error(np.ones(ROWS), predicted / FARES))
    near = GROUPS == "near"
    shown = evaluation.values.get(metric="mae", column="group", segment="near")
    assert shown.n == 80
    assert shown.value == pytest.approx(mean_absolute_error(FARES[near], predicted[near]))
    assert evaluation.curves["errors"]["within"][-1] == pytest.approx(np.abs(predicted - FARES).max())


@pytest.mark.parametrize("zipmap", [True, False], ids=["maps", "tensor"])
def test_several_classes_are_run_and_measured_in_the_datasets_order(tmp_path, sorter, sorts, zipmap):
    file = onnx_models.exported(tmp_path / "sorter.onnx", sorter, 3, zipmap=zipmap)
    # scikit-learn sorted these as text: 10, 8, 9.
    contract = {"classes": sorter.classes_.tolist()}
    evaluation = evaluate(final_version(file, task="multiclass", contract=contract), sorts)
    expected = sorter.predict_proba(INPUTS)[:, [1, 2, 0]]
    np.testing.assert_allclose(load_scores(evaluation), expected, atol=1e-5)
    values = values_of(evaluation)
    decided = sorter.predict(INPUTS)
    assert values["accuracy"] == pytest.approx(accuracy_score(LABELS, decided))
    assert values["macro_f1"] == pytest.approx(f1_score(LABELS, decided, average="macro"))
    assert values["log_loss"] == pytest.approx(log_loss(LABELS, sorter.predict_proba(INPUTS)), abs=1e-5)


def test_a_named_output_of_labels_is_taken_for_decisions(tmp_path, sorter, sorts):
    file = onnx_models.exported(tmp_path / "sorter.onnx", sorter, 3, zipmap=False)
    contract = {"classes": ["9", "8", "10"], "output": "label"}
    evaluation = evaluate(final_version(file, task="multiclass", contract=contract), sorts)
    assert values_of(evaluation)["accuracy"] == pytest.approx(accuracy_score(LABELS, sorter.predict(INPUTS)))
    assert evaluation.values.get(metric="log_loss", column="").reason == (
        "the predictions are classes without probabilities"
    )


def test_stored_evaluations_of_both_tasks_are_compared(forest, fares, tmp_path):
    other = RandomForestRegressor(2, max_depth=1, random_state=1).fit(INPUTS, FARES)
    weak = onnx_models.exported(tmp_path / "weak.onnx", other, 3)
    sides = [evaluate(final_version(file, task="regression"), fares) for file in (forest, weak)]
    compared = Comparison.from_dict(compare_evaluations(*sides).result)
    assert compared.task == "regression"
    assert {measure.metric: measure.verdict for measure in compared.measures}["rmspe"] == "better"


def test_the_same_scores_are_right_in_another_share_of_rows_at_another_threshold(tmp_path):
    target = (INPUTS[:, 0] > 0.8).astype(int)
    locked = locked_with(target, task="binary", positive="1")
    file = onnx_models.logistic(tmp_path / "model.onnx", [1.0, 0.0, 0.0])
    low, high = (evaluate(final_version(file, decision_threshold=at), locked) for at in (0.5, 0.69))
    assert load_scores(low).tolist() == load_scores(high).tolist()
    score = load_scores(low)
    for evaluation, at in ((low, 0.5), (high, 0.69)):
        assert values_of(evaluation)["accuracy"] == pytest.approx(accuracy_score(target, score >= at))
    assert values_of(high)["accuracy"] > values_of(low)["accuracy"] + 0.1
    assert values_of(high)["auc"] == values_of(low)["auc"]


def refused(version, locked):
    with pytest.raises(EvidenceMissing) as missing:
        evaluate(version, locked)
    assert not Evaluation.objects.exists()
    return missing.value


def test_a_version_is_not_judged_on_data_of_another_task(forest, sorts):
    missing = refused(final_version(forest, task="regression"), sorts)
    assert missing.code == "task_does_not_fit"
    assert "holdout-multiclass@1 is locked for multiclass models" in str(missing)


def test_a_version_that_tells_other_classes_apart_is_not_judged(tmp_path, sorter, sorts):
    file = onnx_models.exported(tmp_path / "sorter.onnx", sorter, 3, zipmap=False)
    missing = refused(final_version(file, task="multiclass", contract={"classes": ["7", "8", "9"]}), sorts)
    assert missing.code == "classes_do_not_fit"
    assert "7, 8, 9 apart, and holdout-multiclass@1 holds 8, 9, 10" in str(missing)


def test_a_prediction_that_is_no_finite_number_is_no_evidence(tmp_path, fares):
    answers = np.full((ROWS, 1), 5.0, np.float32)
    answers[7] = np.inf
    missing = refused(
        final_version(onnx_models.answering(tmp_path / "m.onnx", answers, output="fare"), task="regression"), fares
    )
    assert missing.code == "bad_scores"
    assert "1 of 240 predictions that are no finite numbers; the first is in row 7" in str(missing)


def test_class_scores_that_do_not_add_up_are_no_evidence(tmp_path, sorts):
    answers = np.full((ROWS, 3), 0.5, np.float32)
    file = onnx_models.answering(tmp_path / "m.onnx", answers, shape=(None, 3))
    missing = refused(final_version(file, task="multiclass", contract={"classes": ["8", "9", "10"]}), sorts)
    assert missing.code == "bad_scores"
    assert "add up to 1" in str(missing)


# --- Told when the version is finalised, not when its gates run ---------------------------------------


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        ({"output": "risk"}, "no output risk that fits; it has"),
        ({"inputs": "picture"}, "takes X, its contract says one tensor named picture"),
        ({"inputs": ["in_a", "in_b", "in_c"]}, "missing X"),
    ],
)
def test_a_contract_that_the_file_does_not_keep_is_told_at_once(forest, contract, said):
    with pytest.raises(Invalid, match=said) as told:
        final_version(forest, finalise=finalise_through_intake, task="regression", contract=contract)
    assert told.value.reason.code == "contract_does_not_fit"


def test_a_contract_with_too_few_classes_for_the_output_is_told_at_once(tmp_path, sorter):
    file = onnx_models.exported(tmp_path / "sorter.onnx", sorter, 3, zipmap=False)
    answers = onnx_models.answering(tmp_path / "m.onnx", np.full((2, 3), 1 / 3, np.float32), shape=(None, 3))
    for each in (answers, file):
        facts = {"task": "multiclass", "contract": {"classes": ["8", "9"]}}
        if each is answers:
            with pytest.raises(Invalid, match="its contract lists 2 classes"):
                final_version(each, finalise=finalise_through_intake, **facts)


def test_a_contract_that_the_file_keeps_lets_it_through(forest):
    contract = {"inputs": "X", "output": "variable"}
    version, _ = final_version(forest, finalise=finalise_through_intake, task="regression", contract=contract)
    assert version.is_final


def test_features_may_go_by_other_names_in_the_model(tmp_path):
    file = onnx_models.named_inputs(tmp_path / "named.onnx")
    features = ["years", "owns", "place", "kids"]
    contract = {"inputs": ["age", "owner", "region", "children"]}
    version, _ = final_version(file, finalise=finalise_through_intake, features=features, contract=contract)
    dataset = create_dataset("renamed", actor=persona("sam"))
    lines = ["id,years,owns,place,kids,good", "r1,40,1,north,2,1", "r2,80,0,south,0,0"]
    locked = lock_dataset(dataset, ["\n".join(lines).encode()], Declaration("id", "good", "1"), actor=persona("sam"))
    assert load_scores(evaluate(version, locked)).tolist() == pytest.approx([0.7, 0.4])


# --- Predictions handed in ----------------------------------------------------------------------------


def handed_in(version, locked, header, rows):
    text = "\n".join([header, *rows])
    return hand_in_predictions(version, locked, io.BytesIO(text.encode()), actor=persona("dana"))


def test_numbers_handed_in_are_measured(fares):
    version = final_version(b"pickled", task="regression", format="pickle")
    evaluation = handed_in(version, fares, "id,prediction", [f"r{n},{FARES[n] * 1.1}" for n in reversed(range(ROWS))])
    assert evaluation.provenance == "scored"
    assert values_of(evaluation)["rmspe"] == pytest.approx(0.1)
    assert values_of(evaluation)["mean_signed_error"] == pytest.approx(0.1 * FARES.mean())


def test_probabilities_of_each_class_or_labels_alone_are_handed_in(sorts):
    contract = {"classes": ["10", "8", "9"]}
    whole, labels = (final_version(b"pickled", task="multiclass", format="pickle", contract=contract) for _ in range(2))
    given = {"8": (0.1, 0.8, 0.1), "9": (0.1, 0.1, 0.8), "10": (0.8, 0.1, 0.1)}
    rows = [f"r{n},{','.join(map(str, given[label]))}" for n, label in enumerate(LABELS)]
    evaluation = handed_in(whole, sorts, "id,10,8,9", rows)
    assert values_of(evaluation) == pytest.approx(
        {"accuracy": 1.0, "macro_recall": 1.0, "macro_f1": 1.0, "log_loss": -np.log(0.8)}
    )
    evaluation = handed_in(labels, sorts, "id,prediction", [f"r{n},9" for n in range(ROWS)])
    assert values_of(evaluation)["accuracy"] == pytest.approx((LABELS == "9").mean())
    assert values_of(evaluation)["log_loss"] is None


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("id,score", "0.5", "columns id and prediction"),
        ("id,prediction", "7", "no class of the dataset: '7'"),
        ("id,8,9", "0.5,0.5", "a column for each class"),
        ("id,8,9,10", "0.5,0.5,0.5", "don't add up to 1: 240, the first is 'r0' with 1.5"),
        ("id,8,9,10", "1.5,-0.5,0", "Scores not between 0 and 1"),
    ],
)
def test_classes_that_can_not_be_right_are_refused_by_row(sorts, header, row, said):
    version = final_version(b"pickled", task="multiclass", format="pickle", contract={"classes": ["8", "9", "10"]})
    with pytest.raises(Invalid, match=said):
        handed_in(version, sorts, header, [f"r{n},{row}" for n in range(ROWS)])
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize(
    ("number", "said"),
    [("inf", "no finite numbers: 240"), ("-1e31", "a size up to 1e.30"), ("dear", "row 'r0' is not a number")],
)
def test_numbers_that_are_none_are_refused_by_row(fares, number, said):
    version = final_version(b"pickled", task="regression", format="pickle")
    with pytest.raises(Invalid, match=said):
        handed_in(version, fares, "id,prediction", [f"r{n},{number}" for n in range(ROWS)])


def test_predictions_for_data_of_another_task_are_refused(sorts):
    version = final_version(b"pickled", task="regression", format="pickle")
    with pytest.raises(Invalid, match="is locked for multiclass models"):
        handed_in(version, sorts, "id,prediction", ["r0,1"])
