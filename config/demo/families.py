"""The demo's smaller families of models, described and trained alike: data in, files for the registry out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from onnxruntime import InferenceSession
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

from config.demo import lineage
from config.demo.estimators import build
from config.demo.loans import inputs, write_csv
from config.demo.names import holdout_dataset, training_dataset, upcoming_dataset
from config.demo.recipes import Recipe

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]

EXPORT_TOLERANCE = 1e-4
"""Largest difference, as a share, between what scikit-learn says and what the exported file says."""


@dataclass(frozen=True)
class Family:
    """One model of the demo with its data and versions.

    `read` gives the training and the holdout rows, each with id, features, target and segments. `tensor` and
    `output` name the exported model's one input and its answer; `fit_target` turns the target into what is
    fitted, and `finish` the exported graph into one that says the target itself. `figures` measures the
    author's own cross-validation, for the card. `upcoming` gives rows without labels, where there are some.
    """

    model: str
    description: str
    task: str
    primary_metric: str
    target: str
    segments: tuple[str, ...]
    source: tuple[str, str]
    tensor: str
    output: str
    classes: tuple[str, ...]
    recipes: tuple[Recipe, ...]
    card: str
    read: Callable[[], tuple[pd.DataFrame, pd.DataFrame]]
    fit_target: Callable[[pd.Series], Any]
    finish: Callable[[onnx.ModelProto], onnx.ModelProto]
    says: Callable[[Any, Floats], Floats]
    figures: Callable[[Any, Floats, pd.Series], Mapping[str, float]]
    upcoming: Callable[[], pd.DataFrame] | None = None

    @property
    def training_dataset(self) -> str:
        return training_dataset(self.model)

    @property
    def holdout_dataset(self) -> str:
        return holdout_dataset(self.model)


def train_family(family: Family, folder: Path) -> None:
    """Writes data and versions below `folder`: the two CSV files, datasets.json, and a folder for each label."""
    folder.mkdir(parents=True, exist_ok=True)
    training, holdout = family.read()
    digest = write_csv(training, folder / f"{family.training_dataset}.csv")
    write_csv(holdout, folder / f"{family.holdout_dataset}.csv")
    if family.upcoming:
        write_csv(family.upcoming(), folder / f"{upcoming_dataset(family.model)}.csv")
    columns = {"id_column": "id", "target": family.target, "task": family.task, "segments": list(family.segments)}
    pointer = {"kind": "object", "location": lineage.package_location(*family.source), "pin": digest}
    (folder / "datasets.json").write_text(json.dumps({"training": pointer, "holdout": columns}, indent=2) + "\n")
    for recipe in family.recipes:
        _train_version(family, recipe, training, folder / recipe.label)


def _train_version(family: Family, recipe: Recipe, training: pd.DataFrame, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    features, target = inputs(training, recipe.features), training[family.target]
    model = build(recipe.estimator, recipe.parameters).fit(features, family.fit_target(target))
    (folder / "model.onnx").write_bytes(_export(family, model, features))
    (folder / "version.json").write_text(json.dumps(_describe(family, recipe), indent=2) + "\n")
    figures = family.figures(build(recipe.estimator, recipe.parameters), features, target)
    (folder / "card.md").write_text(_card(family, recipe, len(training), figures))


def _export(family: Family, model: Any, features: Floats) -> bytes:
    """The model as ONNX, after checking that it still says what scikit-learn says on these rows."""
    shape = FloatTensorType([None, features.shape[1]])
    options = {"zipmap": False} if family.classes else None
    exported = family.finish(to_onnx(model, initial_types=[(family.tensor, shape)], options=options))
    onnx.checker.check_model(exported, full_check=True)
    content: bytes = exported.SerializeToString()
    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    answered = session.run([family.output], {family.tensor: features})[0]
    said = family.says(model, features)
    difference = float((np.abs(answered.reshape(said.shape) - said) / np.maximum(1, np.abs(said))).max())
    if difference > EXPORT_TOLERANCE:
        raise RuntimeError(f"The exported model differs by {difference:.2g} from the fitted one.")
    return content


def _describe(family: Family, recipe: Recipe) -> dict[str, Any]:
    """The registration of a version, as the API takes it."""
    environment = lineage.environment()
    contract = {"inputs": family.tensor, "output": family.output}
    return {
        "label": recipe.label,
        "description": f"{recipe.title}. {recipe.idea}",
        "task": family.task,
        "format": recipe.format,
        "features": list(recipe.features),
        "signature": {
            "inputs": [{"name": name, "type": "float"} for name in recipe.features],
            "outputs": [{"name": family.output, "type": "float"}],
        },
        "contract": contract | ({"classes": list(family.classes)} if family.classes else {}),
        "parameters": {"estimator": recipe.estimator, **recipe.parameters},
        "framework": {"name": "scikit-learn", "version": environment["packages"]["scikit-learn"]},
        "environment": environment,
        "code": lineage.code(),
        "data": [f"{family.training_dataset}@1"],
    }


def _card(family: Family, recipe: Recipe, rows: int, figures: Mapping[str, float]) -> str:
    lines = [f"| {name} | {value:.3f} |" for name, value in figures.items()]
    table = "\n".join(["| metric | value |", "|---|---|", *lines])
    caveats = "\n".join(f"- {line}" for line in recipe.caveats)
    said = {"rows": f"{rows:,}", "columns": ", ".join(recipe.features[:6]), "figures": table, "caveats": caveats}
    front = (
        f"---\nlicense: other\nlicense_name: demonstration-only\nlibrary_name: scikit-learn\ntags:\n  - {family.task}"
    )
    body = family.card.format(**said).strip()
    return f"{front}\ndatasets:\n  - {family.training_dataset}\n---\n\n# {recipe.title}\n\n{recipe.idea}\n\n{body}\n"
