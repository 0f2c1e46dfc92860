"""Runs models of the formats that can be run, each in an isolated child; what a format needs is in child/."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from evidence.measuring import Plan, Round
from evidence.runtimes import running
from evidence.runtimes.formats import NEVER_EXECUTED, SUFFIXES, sniff_format
from evidence.runtimes.prediction import Prediction, RuntimeRefused
from evidence.runtimes.running import Run

__all__ = [
    "NEVER_EXECUTED",
    "RUNTIMES",
    "SUFFIXES",
    "Prediction",
    "Run",
    "RuntimeRefused",
    "inspect",
    "predict",
    "sniff_format",
    "time_round",
]

#: The formats that are run, and the package that runs each. It is imported in the child only.
RUNTIMES = {"onnx": "onnxruntime", "lightgbm": "lightgbm"}

HAND_IN_PREDICTIONS = "Hand in its predictions on the locked dataset instead, or export the model to ONNX."
SNIFFED_BYTES = 512


def predict(run: Run) -> Prediction:
    """What the model predicts for every row; see `Prediction` for its shape.

    Raises RuntimeRefused. Formats in NEVER_EXECUTED, files that are such whatever format they are said to have,
    and formats without a runtime are "not_executable", before anything reads them. Raises ValueError when the
    columns differ in length or have no rows.
    """
    _refuse_unless_runnable(run)
    return running.answer(run)


def time_round(run: Run, plan: Plan) -> Round:
    """One round of timing the model: its process started, warmed up, called and ended.

    Each call gets the next `plan.batch_rows` rows of the columns, from the first again after the last. Isolated
    as `predict` isolates it; raises RuntimeRefused as `predict` does.
    """
    _refuse_unless_runnable(run)
    return running.time(run, plan)


def inspect(run: Run) -> None:
    """Looks at the model without running it, isolated as `predict` isolates it; the columns may be empty.

    Raises RuntimeRefused as `predict` does, when the inputs and outputs that the file declares don't fit the
    columns and the contract; "inputs_do_not_fit", "no_probability_output" and "not_executable" are final, others
    may pass.
    """
    running.look(run)


def _refuse_unless_runnable(run: Run) -> None:
    format, name = run.format, run.name
    if format not in RUNTIMES:
        raise RuntimeRefused("not_executable", f"{name} is not run here: {_why_not(format)}", HAND_IN_PREDICTIONS)
    found = sniff_format(_first_bytes(run.artifact, name), name)
    if found in NEVER_EXECUTED:
        text = f"{name} is said to be {format} and is a {found} file: {_why_not(found)}"
        raise RuntimeRefused("not_executable", text, HAND_IN_PREDICTIONS)
    if found not in (None, format):
        text = f"{name} is said to be {format} and is a {found} file"
        raise RuntimeRefused("unreadable_artifact", text, f"Upload the {format} file itself.")
    if find_spec(RUNTIMES[format]) is None:
        text = f"{name} can't be run: {RUNTIMES[format]} isn't installed here"
        raise RuntimeRefused("runtime_missing", text, f"Start the desk with: make run EXTRAS={format}")


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
