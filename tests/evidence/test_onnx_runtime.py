from __future__ import annotations

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from evidence import bubblewrap, runtimes
from evidence.isolation import Limits
from evidence.runtimes import NEVER_EXECUTED, Run, RuntimeRefused, sniff_format
from evidence.runtimes.child.work import BATCH_ROWS
from tests.evidence import onnx_models

LIMITS = Limits(seconds=30, cpu_seconds=30)
BOTH = [
    pytest.param(
        "bubblewrap",
        marks=pytest.mark.skipif(not bubblewrap.works_here(), reason="bubblewrap doesn't work here"),
    ),
    "limits",
]
TWO = {"a": np.array([0.1, 0.2, 0.3]), "b": np.array([1.0, 2.0, 3.0])}


@pytest.fixture
def isolation(request, monkeypatch):
    if request.param == "limits":
        monkeypatch.setattr(bubblewrap, "works_here", lambda: False)
    return request.param


in_both = pytest.mark.parametrize("isolation", BOTH, indirect=True)


def predict(artifact, columns=TWO, *, limits=LIMITS, format="onnx", require_bubblewrap=False, **contract):
    return runtimes.predict(Run(format, artifact, artifact.name, columns, contract, limits, require_bubblewrap))


def refusal_of(artifact, columns=TWO, **options):
    with pytest.raises(RuntimeRefused) as caught:
        predict(artifact, columns, **options)
    return caught.value


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture
def model(tmp_path):
    return tmp_path / "model.onnx"


@in_both
def test_scores_are_those_of_scikit_learn(model, isolation):
    features, truth = make_classification(500, 12, random_state=3)
    fitted = RandomForestClassifier(30, random_state=3).fit(features, truth)
    features = features.astype(np.float32).astype(float)
    onnx_models.exported(model, fitted, 12, zipmap=False)
    prediction = predict(model, {f"f{place}": features[:, place] for place in range(12)})

    np.testing.assert_allclose(prediction.scores, fitted.predict_proba(features)[:, 1], atol=1e-5)
    assert (prediction.isolation, prediction.scores.dtype) == (isolation, np.float64)
    assert prediction.seconds > 0


def test_the_parent_never_imports_a_runtime(model):
    predict(onnx_models.logistic(model, [1, 2]))
    source = "import sys, evidence.runtimes; print({'onnxruntime', 'onnx', 'lightgbm'} & set(sys.modules))"
    asked = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert asked.stdout == "set()\n"


def test_the_positive_column_is_the_contracts(model):
    features, truth = make_classification(200, 4, random_state=1)
    fitted = LogisticRegression().fit(features, truth)
    onnx_models.exported(model, fitted, 4, zipmap=False)
    columns = {f"f{place}": features[:, place] for place in range(4)}
    negative = predict(model, columns, output="probabilities", positive_class=0).scores
    np.testing.assert_allclose(negative, fitted.predict_proba(features)[:, 0], atol=1e-5)


def test_features_enter_in_the_order_of_the_columns(model):
    onnx_models.logistic(model, [1, -3])
    expected = sigmoid(TWO["a"] - 3 * TWO["b"])
    np.testing.assert_allclose(predict(model).scores, expected, atol=1e-6)


def test_more_rows_than_a_batch_and_more_columns_than_open_files_work(model):
    random = np.random.default_rng(2)
    rows = 2 * BATCH_ROWS + 17
    features = random.normal(size=(rows, 80)).astype(np.float32).astype(float)
    weights = random.normal(size=80)
    onnx_models.logistic(model, weights, shape=(None, 1))
    scores = predict(model, {f"f{place}": features[:, place] for place in range(80)}).scores
    np.testing.assert_allclose(scores, sigmoid(features @ weights), atol=1e-4)


NAMED = {
    "region": np.array(["north", "süd", ""], dtype=object),
    "age": np.array([10.0, 20.0, 30.0]),
    "owner": np.array([1.0, 0.0, 1.0]),
    "children": np.array([0.0, 2.0, 1.0]),
}


def test_inputs_by_name_take_floats_integers_booleans_and_text(model):
    scores = predict(onnx_models.named_inputs(model), NAMED).scores
    np.testing.assert_allclose(scores, [0.05 + 0.25 + 0.25, 0.1, 0.15 + 0.25], atol=1e-6)


def test_a_missing_named_input_is_named(model):
    columns = {name: NAMED[name] for name in ("region", "owner", "children")}
    refusal = refusal_of(onnx_models.named_inputs(model), columns)
    assert refusal.code == "inputs_do_not_fit"
    assert refusal.text == "model.onnx wants 4 inputs, the dataset offers 3: missing age"


def test_a_column_the_model_does_not_take_is_logged(model):
    prediction = predict(onnx_models.named_inputs(model), NAMED | {"colour": NAMED["age"]})
    assert "The model takes no notice of colour." in prediction.log


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("age", ["10", "20", "x"], "takes tensor(float) where column age holds text"),
        ("region", [1.0, 2.0, 3.0], "takes tensor(string) where column region holds numbers"),
        ("children", [0.0, 1.0, 2.5], "takes tensor(int64) where column children holds 2.5 in row 2"),
        ("children", [0.0, np.nan, 1.0], "takes tensor(int64) where column children holds nan in row 1"),
        ("owner", [0.0, 1.0, 2.0], "takes tensor(bool) where column owner holds 2.0 in row 2"),
    ],
)
def test_a_value_that_does_not_fit_its_input_is_named(model, column, values, said):
    array = np.array(values, dtype=object if isinstance(values[0], str) else float)
    refusal = refusal_of(onnx_models.named_inputs(model), NAMED | {column: array})
    assert (refusal.code, refusal.text) == ("inputs_do_not_fit", f"model.onnx {said}")


@pytest.mark.parametrize("wrong", [None, "x" * 5000])
def test_text_that_is_missing_or_endless_is_refused_by_row(model, wrong):
    region = np.array(["north", wrong, ""], dtype=object)
    refusal = refusal_of(onnx_models.named_inputs(model), NAMED | {"region": region})
    assert refusal.code == "inputs_do_not_fit"
    assert "column region" in refusal.text
    assert "row 1" in refusal.text


def test_the_wrong_number_of_features_is_told(model):
    refusal = refusal_of(onnx_models.logistic(model, [1, 2, 3]))
    assert (refusal.code, refusal.text) == (
        "inputs_do_not_fit",
        "model.onnx wants 3 features, the dataset offers 2",
    )


def test_a_width_that_shows_only_in_the_run_is_told(model):
    refusal = refusal_of(onnx_models.logistic(model, [1, 2, 3], inputs="any"))
    assert refusal.code == "inputs_do_not_fit"
    assert refusal.text.startswith("model.onnx fails on the data: ")


@pytest.mark.parametrize("positive", [0, 1])
def test_maps_of_probabilities_are_read_as_well(model, positive):
    features, truth = make_classification(100, 4, random_state=1)
    fitted = LogisticRegression().fit(features, np.where(truth, "yes", "no"))
    onnx_models.exported(model, fitted, 4)
    columns = {f"f{place}": features[:, place] for place in range(4)}
    scores = predict(model, columns, positive_class=positive).scores
    np.testing.assert_allclose(scores, fitted.predict_proba(features)[:, positive], atol=1e-5)


def test_an_output_that_is_not_there_is_refused_with_those_that_are(model):
    refusal = refusal_of(onnx_models.logistic(model, [1, 2], output="chance"), output="risk")
    assert refusal.text == "model.onnx has no output risk that fits; it has chance (tensor(float))"


def test_the_only_float_output_is_taken_whatever_its_name(model):
    assert len(predict(onnx_models.logistic(model, [1, 2], output="chance")).scores) == 3


def test_labels_alone_are_no_probability(model):
    labels = onnx_models.answering(model, np.array([1, 0, 1], np.int64), kind=onnx_models.INT64, shape=(None,))
    assert refusal_of(labels).code == "no_probability_output"


def test_one_dimensional_scores_are_taken(model):
    onnx_models.answering(model, np.array([0.25, 0.5, 1.0], np.float32), shape=(None,))
    assert predict(model).scores.tolist() == [0.25, 0.5, 1.0]


def test_three_columns_are_not_a_yes_or_no(model):
    onnx_models.answering(model, np.full((3, 3), 1 / 3, np.float32), shape=(None, 3))
    refusal = refusal_of(model)
    assert refusal.code == "no_probability_output"
    assert "shape [3, 3]" in refusal.text


@pytest.mark.parametrize("rows", [2, 4])
def test_fewer_or_more_scores_than_rows_are_refused(model, rows):
    refusal = refusal_of(onnx_models.answering(model, np.full((rows, 1), 0.5, np.float32)))
    assert (refusal.code, refusal.text) == ("bad_scores", f"model.onnx answered {rows} rows for 3")


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([0.5, np.nan, np.nan], (2, "row 1, is not a finite number")),
        ([0.5, 0.5, -np.inf], (1, "row 2, is not a finite number")),
        ([1.5, 0.5, -0.1], (2, "row 0, is outside 0 to 1 (1.5)")),
    ],
)
def test_scores_that_are_no_probabilities_are_counted_and_located(model, scores, said):
    count, where = said
    refusal = refusal_of(onnx_models.passing_through(model), TWO | {"a": np.array(scores)})
    assert refusal.code == "bad_scores"
    assert refusal.text == (f"model.onnx gave {count} of 3 scores that are no probabilities; the first, in {where}")


def test_scores_beyond_one_by_rounding_are_cut(model):
    columns = TWO | {"a": np.array([1.0000005, -1e-7, 0.5])}
    scores = predict(onnx_models.passing_through(model), columns).scores
    assert scores.tolist() == [1.0, 0.0, 0.5]


@pytest.mark.parametrize("content", [b"", b"garbage" * 100, b"\x08\x08\x12\x04abcd"], ids=len)
def test_bytes_that_are_no_model_are_unreadable(model, content):
    model.write_bytes(content)
    refusal = refusal_of(model)
    assert refusal.code == "unreadable_artifact"
    assert refusal.text.startswith("model.onnx is no usable ONNX model: ")


def test_a_truncated_model_is_unreadable(model):
    whole = onnx_models.logistic(model, np.ones(100)).read_bytes()
    model.write_bytes(whole[: len(whole) // 2])
    assert refusal_of(model).code == "unreadable_artifact"


def test_a_file_that_is_not_there_is_unreadable(model):
    assert refusal_of(model).code == "unreadable_artifact"


@in_both
@pytest.mark.parametrize("place", ["beside", "absolute", "above"])
def test_weights_outside_the_file_are_not_read(model, isolation, place):
    canary = model.parent / "weights.bin"
    np.array([0.1, 0.1], np.float32).tofile(canary)
    location = {
        "beside": "weights.bin",
        "absolute": str(canary),
        "above": f"../{model.parent.name}/weights.bin",
    }
    refusal = refusal_of(onnx_models.with_weights_outside(model, location[place]))
    assert refusal.code == "unreadable_artifact"
    assert "keeps weights in a separate file" in refusal.text


@in_both
def test_a_model_that_never_returns_is_stopped(model, isolation):
    refusal = refusal_of(onnx_models.never_ending(model), limits=Limits(seconds=1))
    assert (refusal.code, refusal.text) == ("timeout", "model.onnx: the program was stopped after 1 s")


@in_both
@pytest.mark.parametrize("times", [2**26, 2**40], ids=["within onnxruntime's own bound", "beyond it"])
def test_a_model_that_eats_memory_is_stopped(model, isolation, times):
    refusal = refusal_of(onnx_models.memory_eater(model, times), limits=Limits(memory_bytes=1024**3))
    assert refusal.code == "memory"
    assert "1024 MiB" in refusal.text
    assert predict(onnx_models.logistic(model, [1, 2])).scores.shape == (3,)


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_offered_as_onnx_is_named_and_never_loaded(model, protocol):
    canary = model.parent / "canary"
    model.write_bytes(pickle.dumps(Canary(canary), protocol))
    refusal = refusal_of(model)
    assert (refusal.code, canary.exists()) == ("not_executable", False)
    assert refusal.text.startswith("model.onnx is said to be onnx and is a pickle file")
    pickle.loads(model.read_bytes()).close()  # noqa: S301 - our own: shows that the canary would have sung
    assert canary.exists()


@pytest.mark.parametrize("format", [*sorted(NEVER_EXECUTED), "xgboost"])
def test_formats_without_a_runtime_ask_for_predictions(model, format):
    onnx_models.logistic(model, [1, 2])
    refusal = refusal_of(model, format=format)
    assert refusal.code == "not_executable"
    assert format in refusal.text
    assert "predictions" in refusal.remedy


def test_missing_isolation_is_refused_where_it_is_required(model, monkeypatch):
    monkeypatch.setattr(bubblewrap, "works_here", lambda: False)
    refusal = refusal_of(onnx_models.logistic(model, [1, 2]), require_bubblewrap=True)
    assert refusal.code == "isolation_missing"
    assert "apt install bubblewrap" in refusal.remedy


def test_columns_of_different_lengths_are_refused(model):
    with pytest.raises(ValueError, match="share one length"):
        predict(onnx_models.logistic(model, [1, 2]), {"a": np.zeros(2), "b": np.zeros(3)})


def test_formats_are_told_by_bytes_first_and_names_second(tmp_path):
    joblib.dump([1, 2], tmp_path / "model.joblib")
    joblib.dump(list(range(1000)), tmp_path / "packed.joblib", compress=3)
    onnx_models.logistic(tmp_path / "plain.onnx", [1])
    told = {path.name: sniff_format(path.read_bytes()[:512], path.name) for path in tmp_path.iterdir()}
    assert told == {"model.joblib": "joblib", "packed.joblib": "joblib", "plain.onnx": "onnx"}
    assert sniff_format(b"PK\x03\x04rest", "model.keras") == "keras"
    assert sniff_format(b"PK\x03\x04rest", "model.onnx") == "zip"
    assert sniff_format(b"\x89HDF\r\n\x1a\n", "model.h5") == "keras"
    assert sniff_format(b"id,age\n1,2\n", "rows.csv") is None
