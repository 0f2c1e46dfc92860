"""Runs models of the formats that can be run, each in an isolated child; a file per format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from evidence.isolation import Limits
from evidence.runtimes import onnx
from evidence.runtimes.formats import NEVER_EXECUTED, sniff_format
from evidence.runtimes.prediction import Prediction, RuntimeRefused

__all__ = ["NEVER_EXECUTED", "RUNTIMES", "Prediction", "Runtime", "RuntimeRefused", "predict", "sniff_format"]

HAND_IN_PREDICTIONS = "Hand in its predictions on the locked dataset instead, or export the model to ONNX."
SNIFFED_BYTES = 512


class Runtime(Protocol):
    """Runs one format; promises what `predict` does, for an artifact of that format."""

    def __call__(
        self,
        *,
        artifact: Path,
        name: str,
        columns: Mapping[str, npt.NDArray[Any]],
        contract: Mapping[str, Any],
        limits: Limits,
        require_bubblewrap: bool,
    ) -> Prediction: ...


RUNTIMES: dict[str, Runtime] = {"onnx": onnx.predict}


def predict(
    format: str,
    *,
    artifact: Path,
    columns: Mapping[str, npt.NDArray[Any]],
    contract: Mapping[str, Any],
    limits: Limits,
    require_bubblewrap: bool,
    name: str = "",
) -> Prediction:
    """The probability of the positive class for every row, by the model in the file `artifact`.

    `columns` are the features in the model's order, n entries each: float64, or text in object arrays.
    `contract` may hold "output", the name of the output with the probability, and "positive_index", its
    column when there are two (default 1). `name` is what messages call the artifact (default: its file name);
    `limits.output_bytes` gives way to what the scores need.

    Raises RuntimeRefused. Formats in NEVER_EXECUTED, files that are such whatever format they are said to
    have, and formats without a runtime are "not_executable", before anything reads them.
    """
    name = name or artifact.name
    if format not in RUNTIMES:
        raise RuntimeRefused("not_executable", f"{name} is not run here: {_why_not(format)}", HAND_IN_PREDICTIONS)
    found = sniff_format(_first_bytes(artifact, name), name)
    if found in NEVER_EXECUTED:
        text = f"{name} is said to be {format} and is a {found} file: {_why_not(found)}"
        raise RuntimeRefused("not_executable", text, HAND_IN_PREDICTIONS)
    if found not in (None, format):
        text = f"{name} is said to be {format} and is a {found} file"
        raise RuntimeRefused("unreadable_artifact", text, f"Upload the {format} file itself.")
    return RUNTIMES[format](
        artifact=artifact,
        name=name,
        columns=columns,
        contract=contract,
        limits=limits,
        require_bubblewrap=require_bubblewrap,
    )


def _why_not(format: str) -> str:
    if format in NEVER_EXECUTED:
        return f"loading the format {format} would run whatever code is in the file"
    return f"there is no runtime for the format {format}, only for {', '.join(RUNTIMES)}"


def _first_bytes(artifact: Path, name: str) -> bytes:
    try:
        with artifact.open("rb") as file:
            return file.read(SNIFFED_BYTES)
    except OSError as error:
        raise RuntimeRefused("unreadable_artifact", f"{name} can't be read: {error.strerror}") from error
