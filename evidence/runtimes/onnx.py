"""Runs ONNX models: lays out the columns, starts the isolated child and judges its answer.

This side never opens the model and never imports onnxruntime.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from evidence.isolation import ChildFailed, FailureKind, Limits, run_isolated
from evidence.runtimes.prediction import Prediction, RefusalCode, RuntimeRefused, probabilities

CHILD = Path(__file__).with_name("onnx_child.py")

# These two the child knows too; it can't import them.
PROBLEM_MARK = "assaydesk-problem "
PROBLEM_STATUS = 3

SCORE_BYTES = 8
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
    with tempfile.TemporaryDirectory(prefix="onnx-inputs-") as folder:
        _lay_out(Path(folder), artifact, name, columns, contract)
        try:
            completed = run_isolated(
                CHILD,
                inputs=Path(folder),
                arguments=[],
                limits=replace(limits, output_bytes=rows * SCORE_BYTES),
                require_bubblewrap=require_bubblewrap,
            )
        except ChildFailed as failure:
            raise _refusal(failure, name) from failure
    if len(completed.stdout) != rows * SCORE_BYTES:
        text = f"{name} answered {len(completed.stdout)} bytes of scores for {rows} rows"
        raise RuntimeRefused("bad_scores", text)
    scores = probabilities(np.frombuffer(completed.stdout, dtype="<f8").astype(np.float64), name)
    return Prediction(scores, completed.isolation, completed.seconds, completed.stderr_tail)


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
) -> None:
    """Everything the child reads: the model alone, without its neighbours, and a .npy file per column."""
    shutil.copyfile(artifact, folder / "model.onnx")
    for place, (column, values) in enumerate(columns.items()):
        np.save(folder / f"{place}.npy", _plain(column, values), allow_pickle=False)
    task = {
        "name": name,
        "columns": list(columns),
        "output": contract.get("output") or "",
        "positive_index": contract.get("positive_index", 1),
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
