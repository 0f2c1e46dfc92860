"""Runs models of the formats that can be run, each in an isolated child; a file per format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from evidence.isolation import Limits
from evidence.measuring import Plan, Round
from evidence.runtimes import onnx
from evidence.runtimes.formats import NEVER_EXECUTED, sniff_format
from evidence.runtimes.prediction import Prediction, RuntimeRefused

__all__ = [
    "INSPECTORS",
    "NEVER_EXECUTED",
    "RUNTIMES",
    "Prediction",
    "Runtime",
    "RuntimeRefused",
    "predict",
    "sniff_format",
    "time_round",
]

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


class Timer(Protocol):
    """Times one format; promises what `time_round` does, for an artifact of that format."""

    def __call__(
        self,
        *,
        artifact: Path,
        name: str,
        columns: Mapping[str, npt.NDArray[Any]],
        contract: Mapping[str, Any],
        plan: Plan,
        limits: Limits,
        require_bubblewrap: bool,
    ) -> Round: ...


class Inspector(Protocol):
    """Looks at an artifact without running it, isolated as `predict` isolates it.

    Raises RuntimeRefused as `predict` does, when the inputs and outputs that the file declares don't fit the
    features and the contract; "inputs_do_not_fit" and "no_probability_output" are final, others may pass.
    """

    def __call__(
        self,
        *,
        artifact: Path,
        name: str,
        features: Sequence[str],
        contract: Mapping[str, Any],
        limits: Limits,
        require_bubblewrap: bool,
    ) -> None: ...


RUNTIMES: dict[str, Runtime] = {"onnx": onnx.predict}
TIMERS: dict[str, Timer] = {"onnx": onnx.time_round}
INSPECTORS: dict[str, Inspector] = {"onnx": onnx.inspect}


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
    """What the model in the file `artifact` predicts for every row; see `Prediction` for its shape.

    `columns` are the features in the model's order, n entries each: float64, or text in object arrays.
    `contract` may hold "task" (default binary) and what `registry.contracts` describes; with the task multiclass
    it has "classes". `name` is what messages call the artifact (default: its file name);
    `limits.output_bytes` gives way to what the scores need.

    Raises RuntimeRefused. Formats in NEVER_EXECUTED, files that are such whatever format they are said to
    have, and formats without a runtime are "not_executable", before anything reads them.
    """
    name = name or artifact.name
    _refuse_unless_runnable(format, artifact, name)
    return RUNTIMES[format](
        artifact=artifact,
        name=name,
        columns=columns,
        contract=contract,
        limits=limits,
        require_bubblewrap=require_bubblewrap,
    )


def time_round(
    format: str,
    *,
    artifact: Path,
    columns: Mapping[str, npt.NDArray[Any]],
    contract: Mapping[str, Any],
    plan: Plan,
    limits: Limits,
    require_bubblewrap: bool,
    name: str = "",
) -> Round:
    """One round of timing the model in the file `artifact`: its process started, warmed up, called and ended.

    Each call gets the next `plan.batch_rows` rows of `columns`, from the first again after the last. Isolated
    as `predict` isolates it; raises RuntimeRefused as `predict` does.
    """
    name = name or artifact.name
    _refuse_unless_runnable(format, artifact, name)
    return TIMERS[format](
        artifact=artifact,
        name=name,
        columns=columns,
        contract=contract,
        plan=plan,
        limits=limits,
        require_bubblewrap=require_bubblewrap,
    )


def _refuse_unless_runnable(format: str, artifact: Path, name: str) -> None:
    if format not in RUNTIMES:
        raise RuntimeRefused("not_executable", f"{name} is not run here: {_why_not(format)}", HAND_IN_PREDICTIONS)
    found = sniff_format(_first_bytes(artifact, name), name)
    if found in NEVER_EXECUTED:
        text = f"{name} is said to be {format} and is a {found} file: {_why_not(found)}"
        raise RuntimeRefused("not_executable", text, HAND_IN_PREDICTIONS)
    if found not in (None, format):
        text = f"{name} is said to be {format} and is a {found} file"
        raise RuntimeRefused("unreadable_artifact", text, f"Upload the {format} file itself.")


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
