"""Runs in the isolated child: one ONNX model over the columns it is given, scores to stdout.

Run as a script and never imported; it knows numpy and onnxruntime only. Its folder holds task.json,
model.onnx and 0.npy, 1.npy, … in the order of the features. Scores leave as raw little-endian float64, one
per row; a problem as one marked JSON line on stderr and status 3.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnxruntime

BATCH_ROWS = 8192
PROBLEM_MARK = "assaydesk-problem "
PROBLEM_STATUS = 3
LONGEST_TEXT = 1000

NUMBER_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}
FLOAT_TYPES = {"tensor(float)", "tensor(double)"}
PROBABILITY_NAMES = ("probabilities", "probability", "output_probability")
NO_ZIPMAP = "Export with zipmap=False, so that probabilities come as one tensor of numbers."
REEXPORT = "Check the file with onnx.checker and export the model again, weights inside the one file."


class Problem(Exception):
    """What stands between this model and its scores: a code, what is wrong, what to do."""

    def __init__(self, code: str, text: str, remedy: str) -> None:
        super().__init__(text)
        self.code, self.text, self.remedy = code, text, remedy


class Task:
    """What is asked: the model's file name for messages, the columns, the output wanted."""

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / "task.json").read_text())
        self.name: str = told["name"]
        self.names: list[str] = told["columns"]
        self.output: str = told["output"]
        self.positive_index: int = told["positive_index"]
        self.model = (folder / "model.onnx").read_bytes()
        self.files = {name: folder / f"{place}.npy" for place, name in enumerate(self.names)}
        self.rows = len(self.column(self.names[0]))

    def column(self, name: str) -> Any:
        """One column, mapped and not read: only a batch is in memory at a time, and few files are open."""
        return np.load(self.files[name], mmap_mode="r", allow_pickle=False)


def load(task: Task) -> Any:
    """A session on the model's bytes: without a path, no weights beside the file can be found."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # what matters comes as an exception
    onnxruntime.set_seed(0)
    try:
        return onnxruntime.InferenceSession(task.model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime's exceptions share no other base
        raise loading_problem(task, str(error)) from None


def loading_problem(task: Task, said: str) -> Exception:
    """What onnxruntime's words on a model that won't load come down to."""
    if is_about_memory(said):
        return MemoryError()
    if "External data" in said or "model_path must not be empty" in said:
        text = f"{task.name} keeps weights in a separate file; only weights inside the file are read"
        return Problem("unreadable_artifact", text, "Save it again with save_as_external_data=False.")
    return Problem("unreadable_artifact", f"{task.name} is no usable ONNX model: {short(said)}", REEXPORT)


def is_about_memory(said: str) -> bool:
    """Whether an exception of onnxruntime says that it got no memory."""
    signs = ("bad allocation", "bad_alloc", "Failed to allocate", "would require more than")
    return any(sign in said for sign in signs)


def short(said: str) -> str:
    """The first line of onnxruntime's words, without its prefix."""
    line = said.strip().splitlines()[0] if said.strip() else "no reason given"
    return line.removeprefix("[ONNXRuntimeError] : ")[:300]


def takes_matrix(inputs: list[Any], names: list[str]) -> bool:
    """Whether all features go into one tensor of rows × features."""
    if len(inputs) != 1 or len(inputs[0].shape) != 2:
        return False
    return len(names) > 1 or inputs[0].name not in names


def check_inputs(task: Task, inputs: list[Any]) -> None:
    """Raise Problem unless the features fill the model's inputs."""
    if takes_matrix(inputs, task.names):
        wanted = inputs[0].shape[1]
        if isinstance(wanted, int) and wanted != len(task.names):
            raise misfit(task, f"wants {wanted} features, the dataset offers {len(task.names)}")
        return
    missing = [wanted.name for wanted in inputs if wanted.name not in task.files]
    if missing:
        offers = f"the dataset offers {len(task.names)}: missing {', '.join(missing[:10])}"
        raise misfit(task, f"wants {len(inputs)} inputs, {offers}")
    unused = sorted(set(task.names) - {wanted.name for wanted in inputs})
    if unused:
        sys.stderr.write(f"The model takes no notice of {', '.join(unused)}.\n")


def misfit(task: Task, what: str) -> Problem:
    """The Problem of features that don't go into the model."""
    remedy = "Register the version with the features the model was trained on, in their order and types."
    return Problem("inputs_do_not_fit", f"{task.name} {what}", remedy)


def feed(task: Task, inputs: list[Any], rows: slice) -> dict[str, Any]:
    """The model's inputs for these rows."""
    if takes_matrix(inputs, task.names):
        parts = [converted(task, name, inputs[0].type, rows) for name in task.names]
        return {inputs[0].name: np.stack(parts, axis=1)}
    values = {wanted.name: converted(task, wanted.name, wanted.type, rows) for wanted in inputs}
    tall = {wanted.name for wanted in inputs if len(wanted.shape) == 2}
    return {name: array[:, None] if name in tall else array for name, array in values.items()}


def converted(task: Task, name: str, wanted: str, rows: slice) -> Any:
    """Rows of one column as the type the model wants; raises Problem rather than change a value."""
    values = np.asarray(task.column(name)[rows])
    is_text = values.dtype.kind == "U"
    if wanted == "tensor(string)" and is_text:
        return values.astype(object)
    if is_text or wanted not in NUMBER_TYPES:
        raise misfit(task, f"takes {wanted} where column {name} holds {'text' if is_text else 'numbers'}")
    if wanted in FLOAT_TYPES:
        return values.astype(NUMBER_TYPES[wanted])
    return whole(task, name, values, wanted, rows)


def whole(task: Task, name: str, values: Any, wanted: str, rows: slice) -> Any:
    """`values` as integers or booleans, unless one of them isn't such."""
    with np.errstate(invalid="ignore"):
        result = values.astype(NUMBER_TYPES[wanted])
    changed = result.astype(np.float64) != values
    if changed.any():
        first = int(np.argmax(changed))
        raise misfit(task, f"takes {wanted} where column {name} holds {values[first]} in row {rows.start + first}")
    return result


def choose_output(task: Task, outputs: list[Any]) -> str:
    """The name of the output that holds probabilities; raises Problem when there is none to be sure of."""
    types = {output.name: output.type for output in outputs}
    floats = [name for name, kind in types.items() if kind in FLOAT_TYPES]
    usual = [name for name in PROBABILITY_NAMES if name in types]
    chosen = task.output or next(iter(usual), floats[0] if len(floats) == 1 else "")
    if types.get(chosen) in FLOAT_TYPES:
        return chosen
    offered = ", ".join(f"{name} ({kind})" for name, kind in types.items())
    if "map" in types.get(chosen, offered):
        raise Problem("no_probability_output", f"{task.name} answers in maps: {offered}", NO_ZIPMAP)
    wanted = f"output {chosen} of numbers" if chosen else "output that is clearly the probability"
    remedy = "Name the output that holds the probability in the version's signature."
    raise Problem("no_probability_output", f"{task.name} has no {wanted}; it has {offered}", remedy)


def positive_scores(task: Task, answer: Any, rows: int) -> Any:
    """The positive class's probability, float64[rows], out of [rows, 2], [rows, 1] or [rows]."""
    if answer.ndim not in (1, 2) or answer.shape[1:] not in ((), (1,), (2,)):
        text = f"{task.name} answers in shape {list(answer.shape)}; a yes/no model has one or two columns"
        raise Problem("no_probability_output", text, "Name the output that holds the probability.")
    if len(answer) != rows:
        text = f"{task.name} answered {len(answer)} rows for {rows}"
        raise Problem("bad_scores", text, "Export the model with a free first dimension.")
    if answer.shape[1:] != (2,):
        return answer.reshape(rows).astype("<f8")
    if task.positive_index not in (0, 1):
        text = f"{task.name} answers in 2 columns; there is no column {task.positive_index}"
        raise Problem("no_probability_output", text, "The positive class is column 0 or 1.")
    return answer[:, task.positive_index].astype("<f8")


def run(session: Any, task: Task, output: str, inputs: list[Any], rows: slice) -> Any:
    """Scores of these rows."""
    fed = feed(task, inputs, rows)
    try:
        (answer,) = session.run([output], fed)
    except Exception as error:  # noqa: BLE001 - onnxruntime's exceptions share no other base
        if is_about_memory(str(error)):
            raise MemoryError from None
        remedy = "Run the file on these features with onnxruntime to see where it fails."
        raise Problem("inputs_do_not_fit", f"{task.name} fails on the data: {short(str(error))}", remedy) from None
    return positive_scores(task, answer, rows.stop - rows.start)


def answer_all(folder: Path, scores: Any) -> None:
    """Write every row's score to the binary stream `scores`, batch by batch."""
    task = Task(folder)
    session = load(task)
    inputs = session.get_inputs()
    check_inputs(task, inputs)
    output = choose_output(task, session.get_outputs())
    for start in range(0, task.rows, BATCH_ROWS):
        rows = slice(start, min(start + BATCH_ROWS, task.rows))
        scores.write(run(session, task, output, inputs, rows).tobytes())


def give_up(problem: Problem) -> NoReturn:
    """Say what is wrong, for the parent to read, and end."""
    told = {"code": problem.code, "text": problem.text[:LONGEST_TEXT], "remedy": problem.remedy}
    sys.stderr.write(f"\n{PROBLEM_MARK}{json.dumps(told)}\n")
    sys.exit(PROBLEM_STATUS)


def main() -> None:
    """Scores go where stdout was; whatever native code prints goes to stderr."""
    with os.fdopen(os.dup(1), "wb") as scores:
        os.dup2(2, 1)
        try:
            answer_all(Path(sys.argv[1]), scores)
        except Problem as problem:
            give_up(problem)


if __name__ == "__main__":
    main()
