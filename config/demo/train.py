"""Trains the demo's versions: `python -m config.demo.train FOLDER`.

Leaves in FOLDER the loans: loan-train.csv, loan-holdout.csv, datasets.json (what the registry is told of the two), and
for each label a folder with the model file, version.json (the body of a registration) and card.md. Below
it, a folder for each smaller family holds the same of that. The same packages give the same files.
"""

import json
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pandas as pd
from onnxruntime import InferenceSession
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from config.demo import cards, lineage
from config.demo.digits import DIGITS
from config.demo.estimators import RANDOM_STATE, build
from config.demo.families import train_family
from config.demo.fares import FARES
from config.demo.loans import SEGMENTS, TARGET, inputs, read_applications, split, write_csv
from config.demo.recipes import RECIPES, Recipe

TRAINING_FILE = "loan-train.csv"
HOLDOUT_FILE = "loan-holdout.csv"
TRAINING_DATASET = "loan-train@1"

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]

EXPORT_TOLERANCE = 1e-5
"""Largest difference between a probability of scikit-learn's and the exported file's."""


def train_all(folder: Path) -> None:
    """Writes data and versions below `folder`, which is created if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    training, holdout = split(read_applications())
    digest = write_csv(training, folder / TRAINING_FILE)
    write_csv(holdout, folder / HOLDOUT_FILE)
    (folder / "datasets.json").write_text(json.dumps(describe_datasets(digest), indent=2) + "\n")
    # One thread: sums come out in the same order on every machine, and so few rows are no faster in many.
    with threadpool_limits(1):
        for recipe in RECIPES:
            train_version(recipe, training, folder / recipe.label)
        for family in (FARES, DIGITS):
            train_family(family, folder / family.model)


def describe_datasets(training_digest: str) -> dict[str, Any]:
    """The pointer to the training half, and how the columns of the holdout are declared when it is locked."""
    columns = {"id_column": "id", "target": TARGET, "positive": "1", "segments": list(SEGMENTS)}
    return {"training": {**lineage.training_data_pointer(), "pin": training_digest}, "holdout": columns}


def train_version(recipe: Recipe, training: pd.DataFrame, folder: Path) -> None:
    """Fits one recipe and writes model file, metadata, its author's own figures and card."""
    folder.mkdir(exist_ok=True)
    features, approved = inputs(training, recipe.features), training[TARGET].to_numpy()
    scores = _cross_validated_scores(recipe, features, approved)
    threshold = matching_threshold(scores, approved)
    model = build(recipe.estimator, recipe.parameters).fit(features, approved)
    _write_model(model, features, folder / recipe.file)
    metadata = describe(recipe, threshold)
    (folder / "version.json").write_text(json.dumps(metadata, indent=2) + "\n")
    figures = cross_validated_figures(approved, scores, threshold)
    reported = {name: value for name, value in vars(figures).items() if name != "rows"}
    (folder / "metrics.json").write_text(json.dumps(reported, indent=2) + "\n")
    (folder / "card.md").write_text(cards.write_card(recipe, training, figures, threshold))


def matching_threshold(scores: Floats, approved: "np.ndarray[Any, Any]") -> float:
    """The score from which as large a share of rows is approved as the lenders approved."""
    return round(float(np.quantile(scores, 1 - approved.mean())), 4)


def describe(recipe: Recipe, threshold: float) -> dict[str, Any]:
    """The registration of a version, as the API takes it."""
    environment = lineage.environment()
    return {
        "label": recipe.label,
        "description": f"{recipe.title}. {recipe.idea}",
        "task": "binary",
        "format": recipe.format,
        "features": list(recipe.features),
        "signature": {
            "inputs": [{"name": name, "type": "float"} for name in recipe.features],
            "outputs": [{"name": "label", "type": "int64"}, {"name": "probabilities", "type": "float"}],
        },
        "contract": {"inputs": "application", "output": "probabilities", "positive_class": 1},
        "parameters": {"estimator": recipe.estimator, **recipe.parameters},
        "framework": {"name": "scikit-learn", "version": environment["packages"]["scikit-learn"]},
        "environment": environment,
        "decision_threshold": threshold,
        "code": lineage.code(),
        "data": [TRAINING_DATASET],
    }


def _cross_validated_scores(recipe: Recipe, features: Floats, approved: "np.ndarray[Any, Any]") -> Floats:
    folds = StratifiedKFold(5, shuffle=True, random_state=RANDOM_STATE)
    model = build(recipe.estimator, recipe.parameters)
    scores: Floats = cross_val_predict(model, features, approved, cv=folds, method="predict_proba")[:, 1]
    return scores


def cross_validated_figures(approved: "np.ndarray[Any, Any]", scores: Floats, threshold: float) -> cards.CrossValidated:
    """The figures for the card."""
    return cards.CrossValidated(
        rows=len(approved),
        auc=roc_auc_score(approved, scores),
        log_loss=log_loss(approved, scores),
        accuracy=accuracy_score(approved, scores >= threshold),
    )


def _write_model(model: ClassifierMixin, features: Floats, file: Path) -> None:
    if file.suffix == ".onnx":
        file.write_bytes(export(model, features))
    else:
        joblib.dump(model, file, compress=3)


def export(model: ClassifierMixin, features: Floats) -> bytes:
    """The model as ONNX, after checking that it still says what scikit-learn says on these rows."""
    shape = FloatTensorType([None, features.shape[1]])
    exported = to_onnx(model, initial_types=[("application", shape)], options={"zipmap": False})
    onnx.checker.check_model(exported, full_check=True)
    content: bytes = exported.SerializeToString()
    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    difference = session.run(["probabilities"], {"application": features})[0] - model.predict_proba(features)
    if np.abs(difference).max() > EXPORT_TOLERANCE:
        raise RuntimeError(f"The exported model differs by {np.abs(difference).max():.2g} from the fitted one.")
    return content


if __name__ == "__main__":
    train_all(Path(sys.argv[1]))
