"""Runs a model in its isolated child: lays out the columns, starts the child and judges its answer.

This side never opens the model and never imports a runtime.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from evidence.isolation import ChildFailed, Completed, FailureKind, Limits, run_isolated
from evidence.measuring import Plan, Round
from evidence.runtimes.child.problem import PROBLEM_MARK, PROBLEM_STATUS
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

CHILD = Path(__file__).with_name("child")

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
CHECK_IT = {
    "onnx": "Check the file with onnx.checker and export the model again.",
    "lightgbm": "Check the file with lightgbm.Booster(model_file=…) and write the model again.",
}


@dataclass(frozen=True)
class Run:
    """What is run and how: the model in the file `artifact`, on `columns`, within `limits`.

    `columns` are the features in the model's order, n entries each: float64, or text in object arrays.
    `contract` may hold "task" (default binary) and what `registry.contracts` describes; with the task multiclass
    it has "classes". `name` is what messages call the artifact. `limits.output_bytes` gives way to what the
    answer needs.
    """

    format: str
    artifact: Path
    name: str
    columns: Mapping[str, npt.NDArray[Any]]
    contract: Mapping[str, Any]
    limits: Limits
    require_bubblewrap: bool

    def rows(self) -> int:
        """The length that the columns share. Raises ValueError when they differ or have no rows."""
        lengths = {len(column) for column in self.columns.values()}
        if len(lengths) != 1 or lengths == {0}:
            raise ValueError(f"columns must share one length above 0, not {sorted(lengths)}")
        return lengths.pop()


def answer(run: Run) -> Prediction:
    """See `evidence.runtimes.predict`."""
    rows = run.rows()
    most = rows * SCORE_BYTES * max(1, len(run.contract.get("classes", ())))
    completed = _completed(run, "--answer", most)
    scores = _scores(completed.stdout, rows, run)
    return Prediction(scores, completed.isolation, completed.seconds, completed.stderr_tail)


def _scores(told: bytes, rows: int, run: Run) -> npt.NDArray[np.float64]:
    """The child's answer as `Prediction` has it. Raises RuntimeRefused for what is no such thing."""
    classes, task = len(run.contract.get("classes", ())), run.contract.get("task")
    if len(told) not in {rows * SCORE_BYTES, rows * SCORE_BYTES * max(1, classes)}:
        raise RuntimeRefused("bad_scores", f"{run.name} answered {len(told)} bytes of scores for {rows} rows")
    scores = np.frombuffer(told, dtype="<f8").astype(np.float64)
    if task == "regression":
        return finite_numbers(scores, run.name)
    if task == "multiclass":
        many = len(scores) > rows
        by_class = scores.reshape(rows, -1)
        return class_probabilities(by_class, run.name) if many else class_places(scores, classes, run.name)
    return probabilities(scores, run.name)


def time(run: Run, plan: Plan) -> Round:
    """See `evidence.runtimes.time_round`. Raises ValueError when columns differ in length or hold no full batch."""
    if (rows := run.rows()) < plan.batch_rows:
        raise ValueError(f"{rows} rows make no batch of {plan.batch_rows}")
    timing = {"batch_rows": plan.batch_rows, "calls": plan.calls, "seconds": plan.seconds}
    completed = _completed(run, "--time", (2 + plan.calls) * SCORE_BYTES, timing=timing)
    told = np.frombuffer(completed.stdout[: len(completed.stdout) // SCORE_BYTES * SCORE_BYTES], dtype="<f8")
    # The model's own native code may have written this: no figure in it is taken on trust.
    if len(told) < 3 or not np.isfinite(told).all() or not (told > 0).all() or told.max() > MOST_BELIEVED:
        raise RuntimeRefused("bad_scores", f"{run.name} answered no usable times", "Run the gate again.")
    return Round(told[2:].astype(np.float64), int(told[0]), int(told[1]), completed.isolation)


def look(run: Run) -> None:
    """See `evidence.runtimes.inspect`."""
    _completed(run, "--look", run.limits.output_bytes)


def _completed(run: Run, work: str, most_output: int, *, timing: Mapping[str, float] | None = None) -> Completed:
    limits = replace(run.limits, output_bytes=most_output)
    with scratch_folder() as folder:
        _lay_out(folder, run, timing)
        try:
            return run_isolated(
                CHILD,
                inputs=folder,
                arguments=[run.format, work],
                limits=limits,
                require_bubblewrap=run.require_bubblewrap,
            )
        except ChildFailed as failure:
            raise _refusal(failure, run) from failure


def _lay_out(folder: Path, run: Run, timing: Mapping[str, float] | None) -> None:
    """Everything the child reads: the model alone, without its neighbours, and a .npy file per column."""
    shutil.copyfile(run.artifact, folder / "model")
    for place, (column, values) in enumerate(run.columns.items()):
        np.save(folder / f"{place}.npy", _plain(column, values), allow_pickle=False)
    task = {
        "name": run.name,
        "columns": list(run.columns),
        "task": run.contract.get("task", "binary"),
        "inputs": run.contract.get("inputs") or "",
        "output": run.contract.get("output") or "",
        "positive_class": run.contract.get("positive_class", 1),
        "classes": list(run.contract.get("classes", ())),
        "timing": timing,
    }
    (folder / "task.json").write_text(json.dumps(task))


def _plain(column: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The column as little-endian float64, or as text of one width: nothing that would need a pickle."""
    if values.dtype.kind in "fiub":
        return values.astype("<f8", copy=False)
    for row, text in enumerate(values):
        if not isinstance(text, str):
            raise _misfit(f"column {column} has no text in row {row} but {type(text).__name__}")
        if len(text) > LONGEST_TEXT:
            raise _misfit(f"column {column} has a text of {len(text)} characters in row {row}")
    return values.astype(np.str_)


def _misfit(text: str) -> RuntimeRefused:
    remedy = f"Text columns hold text of at most {LONGEST_TEXT} characters in every row; leave none empty."
    return RuntimeRefused("inputs_do_not_fit", text, remedy)


def _refusal(failure: ChildFailed, run: Run) -> RuntimeRefused:
    if failure.kind == "crash" and failure.returncode == PROBLEM_STATUS:
        return _told_problem(failure.stderr_tail) or RuntimeRefused("crash", f"{run.name} broke its process")
    if failure.kind == "crash":
        text = f"{run.name} broke the process that ran it (status {failure.returncode})"
        return RuntimeRefused("crash", text, CHECK_IT[run.format])
    if failure.kind == "output":
        return RuntimeRefused("bad_scores", f"{run.name} answered more scores than there are rows")
    return RuntimeRefused(KIND_TO_CODE[failure.kind], f"{run.name}: {failure.text}", failure.remedy)


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
