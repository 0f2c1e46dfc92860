"""A locked dataset of three inputs, and models that answer by some of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from approvals.intake import finalise_version
from evidence.actions import lock_dataset
from evidence.labels import Declaration
from evidence.models import LockedDataset
from registry.actions import NewVersion, add_artifact_file, create_dataset, register_version
from registry.models import Model, Version
from tests.evidence import onnx_models
from tests.factories import persona

INPUTS = ("income", "debt", "gender")
#: Of the dataset's rows, and of the truth that its labels are drawn by.
ROWS, SLOPES = 600, np.array([1.5, -1.0, 0.0])


def drawn(rows: int = ROWS) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(21)
    values = rng.normal(size=(rows, 3)).round(4)
    values[:, 2] = values[:, 2] > 0
    return values, rng.random(rows) < 1 / (1 + np.exp(-values @ SLOPES))


def people(rows: int = ROWS) -> LockedDataset:
    """The locked dataset people@1."""
    values, truth = drawn(rows)
    lines = [",".join(["id", *INPUTS, "good"])]
    lines += [
        f"r{row},{','.join(map(str, each))},{int(good)}"
        for row, (each, good) in enumerate(zip(values, truth, strict=True))
    ]
    dataset = create_dataset("people", actor=persona("sam"))
    declared = Declaration("id", "good", "1", segments=["gender"])
    return lock_dataset(dataset, ["\n".join(lines).encode()], declared, actor=persona("sam"))


def answering_by(
    model: Model, weights: Sequence[float], folder: Path, *files: tuple[str, bytes], **facts: Any
) -> Version:
    """A final version that answers sigmoid(inputs · weights), with these files beside the model."""
    told = {"format": "onnx", "features": list(INPUTS), **facts}
    version = register_version(model, NewVersion(**told), actor=persona("dana"))
    content = onnx_models.logistic(folder / "made.onnx", weights).read_bytes()
    for path, held in (("model.onnx", content), *files):
        add_artifact_file(version, path, [held], actor=persona("dana"))
    finalise_version(version, actor=persona("dana"))
    version.refresh_from_db()
    return version
