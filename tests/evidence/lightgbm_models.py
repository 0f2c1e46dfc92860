"""Small LightGBM models, trained here, and their text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

NAMES = ("age", "net income", "debt", "years")


def inputs(rows: int, *, missing: float = 0.1, seed: int = 0) -> npt.NDArray[np.float64]:
    """Rows of the four features, some values missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, len(NAMES)))
    values[rng.random(values.shape) < missing] = np.nan
    return values


def columns_of(values: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
    return {name: values[:, place] for place, name in enumerate(NAMES)}


def trained(
    objective: str = "binary",
    *,
    rounds: int = 20,
    names: Sequence[str] = NAMES,
    categorical: Sequence[int] = (),
    **parameters: Any,
) -> lightgbm.Booster:
    """A model of 2,000 rows in which the first two features tell most."""
    values = inputs(2000)
    signal = np.nan_to_num(values[:, 0]) + np.nan_to_num(values[:, 1]) ** 2
    truth = {"binary": signal > 0.5, "multiclass": np.digitize(signal, [0, 1])}.get(objective, signal**2 + 0.1)
    for place in categorical:
        values[:, place] = np.nan_to_num(values[:, place]) > 0
    settings = {"objective": objective, "num_leaves": 7, "verbose": -1, "num_threads": 1, **parameters}
    rows = lightgbm.Dataset(
        values, truth.astype(float), feature_name=list(names), categorical_feature=list(categorical) or "auto"
    )
    return lightgbm.train(settings, rows, rounds)


def with_line(text: str, tree: int, key: str, values: str) -> str:
    """`text` with another value of one key of one tree."""
    head, found, rest = text.partition(f"Tree={tree}\n")
    lines = rest.split("\n")
    place = next(place for place, line in enumerate(lines) if line.startswith(f"{key}="))
    lines[place] = f"{key}={values}"
    return head + found + "\n".join(lines)


def value_of(text: str, tree: int, key: str) -> list[str]:
    """The values of one key of one tree."""
    lines = text.partition(f"Tree={tree}\n")[2].split("\n")
    return next(line for line in lines if line.startswith(f"{key}=")).partition("=")[2].split(" ")
