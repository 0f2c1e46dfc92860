"""Runs ONNX models: lays out the columns, starts the isolated child and judges its answer.

This side never opens the model and never imports onnxruntime.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from evidence.isolation import ChildFailed, Completed, FailureKind, Limits, run_isolated
from evidence.measuring import Plan, Round
from evidence.runtimes.prediction import (
    Prediction,
    RefusalCode,
    RuntimeRefused,
    class_places,
    class_probabilities,
    finite_numbers,
    probabilities,
)
from evidence.scratch import scratch_folder

CHILD = Path(__file__).with_name("onnx_child.py")

# These two the child knows too; it can't import them.
PROBLEM_MARK = "assaydesk-problem "
PROBLEM_STATUS = 3

SCORE_BYTES = 8
MOST_BELIEVED = 1e15  # milliseconds or bytes
LONGEST_TEXT = 4096
LONGEST_MESSAGE = 1000

KIND_TO_CODE: dict[FailureKind, RefusalCode] = {
    "timeout": "timeout",
    "memory": "memory",
    "crash": "crash",
    "output": "bad_scores",
    "refused": "isolation_missing",
}


def predict(
    *,
    artifact: Path,
    name: str,
    columns: Mapping[str, npt.NDArray[Any]],
    contract: Mapping[str, Any],
    limits: Limits,
    require_bubblewrap: bool,
) -> Prediction:
    """See `evidence.runtimes.predict`. Raises ValueError when columns differ in length or have no rows."""
    rows = _shared_length(columns)
    with scratch_folder() as folder:
        _lay_out(folder, artifact, name, columns, contract)
        most = rows * SCORE_BYTES * max(1, len(contract.get("classes", ())))
        completed = _run("--answer", folder, name, replace(limits, output_bytes=most), require_bubblewrap)
    scores = _scores(completed.stdout, rows, contract, name)
    return Prediction(scores, completed.isolation, completed.seconds, completed.stderr_tail)


def _scores(answer: bytes, rows: int, contract: Mapping[str, Any], name: str) -> npt.NDArray[np.float64]:
    """The child's answer as `Prediction` has it. Raises RuntimeRefused for what is no such thing."""
    classes = len(contract.get("classes", ()))
    if len(answer) not in {rows * SCORE_BYTES, rows * SCORE_BYTES * max(1, classes)}:
        raise RuntimeRefused("bad_scores", f"{name} answered {len(answer)} bytes of scores for {rows} rows")
    scores = np.frombuffer(answer, dtype="<f8").astype(np.float64)
    if contract.get("task") == "regression":
        return finite_numbers(scores, name)
    if contract.get("task") == "multiclass":
        many = len(scores) > rows
        return class_probabilities(scores.reshape(rows, -1), name) if many else class_places(scores, classes, name)
    return probabilities(scores, name)


def time_round(
    *,
    artifact: Path,
    name: str,
    columns: Mapping[str, npt.NDArray[Any]],
    contract: Mapping[str, Any],
    plan: Plan,
    limits: Limits,
    require_bubblewrap: bool,
) -> Round:
    """See `evidence.runtimes.time_round`. Raises ValueError when columns differ in length or hold no full batch."""
    if (rows := _shared_length(columns)) < plan.batch_rows:
        raise ValueError(f"{rows} rows make no batch of {plan.batch_rows}")
    timing = {"batch_rows": plan.batch_rows, "calls": plan.calls, "seconds": plan.seconds}
    limits = replace(limits, output_bytes=(2 + plan.calls) * SCORE_BYTES)
    with scratch_folder() as folder:
        _lay_out(folder, artifact, name, columns, contract, timing=timing)
        completed = _run("--time", folder, name, limits, require_bubblewrap)
    told = np.frombuffer(completed.stdout[: len(completed.stdout) // SCORE_BYTES * SCORE_BYTES], dtype="<f8")
    # The model's own native code may have written this: no figure in it is taken on trust.
    if len(told) < 3 or not np.isfinite(told).all() or not (told > 0).all() or told.max() > MOST_BELIEVED:
        raise RuntimeRefused("bad_scores", f"{name} answered no usable times", "Run the gate again.")
    return Round(told[2:].astype(np.float64), int(told[0]), int(told[1]), completed.isolation)


def inspect(
    *,
    artifact: Path,
    name: str,
    features: Sequence[str],
    contract: Mapping[str, Any],
    limits: Limits,
    require_bubblewrap: bool,
) -> None:
    """See `evidence.runtimes.Inspector`."""
    columns = {feature: np.empty(0) for feature in features}
    with scratch_folder() as folder:
        _lay_out(folder, artifact, name, columns, contract)
        _run("--look", folder, name, limits, require_bubblewrap)


def _run(work: str, folder: Path, name: str, limits: Limits, require_bubblewrap: bool) -> Completed:
    try:
        return run_isolated(
            CHILD, inputs=folder, arguments=[work], limits=limits, require_bubblewrap=require_bubblewrap
        )
    except ChildFailed as failure:
        raise _refusal(failure, name) from failure


def _shared_length(columns: Mapping[str, npt.NDArray[Any]]) -> int:
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"columns must share one length above 0, not {sorted(lengths)}")
    return lengths.pop()


def _lay_out(
    folder: Path,
    artifact: Path,
    name: str,
    columns: Mapping[str, npt.NDArray[Any]],
    contract: Mapping[str, Any],
    *,
    timing: Mapping[str, float] | None = None,
) -> None:
    """Everything the child reads: the model alone, without its neighbours, and a .npy file per column."""
    shutil.copyfile(artifact, folder / "model.onnx")
    for place, (column, values) in enumerate(columns.items()):
        np.save(folder / f"{place}.npy", _plain(column, values), allow_pickle=False)
    task = {
        "name": name,
        "columns": list(columns),
        "task": contract.get("task", "binary"),
        "inputs": contract.get("inputs") or "",
        "output": contract.get("output") or "",
        "positive_class": contract.get("positive_class", 1),
        "classes": list(contract.get("classes", ())),
        "timing": timing,
    }
    (folder / "task.json").write_text(json.dumps(task))


def _plain(column: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The column as little-endian float64, or as text of one width: nothing that would need a pickle."""
    if values.dtype.kind in "fiub":
        return values.astype("<f8")
    for row, text in enumerate(values):
        if not isinstance(text, str):
            raise _misfit(f"column {column} has no text in row {row} but {type(text).__name__}")
        if len(text) > LONGEST_TEXT:
            raise _misfit(f"column {column} has a text of {len(text)} characters in row {row}")
    return values.astype(np.str_)


def _misfit(text: str) -> RuntimeRefused:
    remedy = f"Text columns hold text of at most {LONGEST_TEXT} characters in every row; leave none empty."
    return RuntimeRefused("inputs_do_not_fit", text, remedy)


def _refusal(failure: ChildFailed, name: str) -> RuntimeRefused:
    if failure.kind == "crash" and failure.returncode == PROBLEM_STATUS:
        return _told_problem(failure.stderr_tail) or RuntimeRefused("crash", f"{name} broke its process")
    if failure.kind == "crash":
        text = f"{name} broke the process that ran it (status {failure.returncode})"
        return RuntimeRefused("crash", text, "Check the file with onnx.checker and export the model again.")
    if failure.kind == "output":
        return RuntimeRefused("bad_scores", f"{name} answered more scores than there are rows")
    return RuntimeRefused(KIND_TO_CODE[failure.kind], f"{name}: {failure.text}", failure.remedy)


def _told_problem(stderr_tail: str) -> RuntimeRefused | None:
    """The problem on the last marked line. The model may have written it: nothing in it is trusted."""
    marked = [line for line in stderr_tail.splitlines() if line.startswith(PROBLEM_MARK)]
    try:
        told = json.loads(marked[-1].removeprefix(PROBLEM_MARK))
        code, text, remedy = str(told["code"]), str(told["text"]), str(told["remedy"])
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    if code not in get_args(RefusalCode):
        return None
    return RuntimeRefused(cast(RefusalCode, code), _one_line(text), _one_line(remedy))


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text[:LONGEST_MESSAGE])
