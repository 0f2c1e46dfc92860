"""Runs in the isolated child: one ONNX model over the columns it is given, predictions to stdout.

Run as a script and never imported; it knows numpy and onnxruntime only. Its folder holds task.json,
model.onnx and 0.npy, 1.npy, … in the order of the features. Predictions leave as raw little-endian float64:
one per row (a probability, a number, the place of a class) or for each row one per class; a problem as one
marked JSON line on stderr and status 3. A task with "timing" is timed instead: out go the most bytes held
before and after, then the milliseconds of each call.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnxruntime

BATCH_ROWS = 8192
WARM_UP_CALLS = 20
LEAST_TIMED_CALLS = 5
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
MAP_TYPES = {"seq(map(int64,tensor(float)))", "seq(map(string,tensor(float)))"}
LABEL_TYPES = {"tensor(int64)", "tensor(int32)", "tensor(string)"}
# What each task's answer may come as. Labels are taken only where the contract names their output.
ANSWER_TYPES = {
    "binary": FLOAT_TYPES | MAP_TYPES,
    "multiclass": FLOAT_TYPES | MAP_TYPES,
    "regression": FLOAT_TYPES,
}
NAMED_ANSWER_TYPES = {
    "binary": ANSWER_TYPES["binary"],
    "multiclass": ANSWER_TYPES["multiclass"] | LABEL_TYPES,
    "regression": FLOAT_TYPES | {"tensor(int64)", "tensor(int32)"},
}
# What exporters call it: skl2onnx, onnxmltools, sklearn-onnx's regressors.
USUAL_NAMES = {
    "binary": ("probabilities", "probability", "output_probability"),
    "multiclass": ("probabilities", "probability", "output_probability"),
    "regression": ("variable", "prediction", "predictions"),
}
ANSWERS = {"binary": "the probability", "multiclass": "the classes' probabilities", "regression": "the number"}
NAME_IT = "Name the right output in the version's contract."
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
        self.kind: str = told["task"]
        self.names: list[str] = told["columns"]
        self.inputs: str | list[str] = told["inputs"]
        self.output: str = told["output"]
        self.positive_class: int = told["positive_class"]
        self.classes: list[str] = told["classes"]
        self.timing: dict[str, float] = told.get("timing") or {}
        self.model = (folder / "model.onnx").read_bytes()
        self.files = {name: folder / f"{place}.npy" for place, name in enumerate(self.names)}
        self.rows = len(self.column(self.names[0]))
        named = self.inputs if isinstance(self.inputs, list) and self.inputs else self.names
        self.feeds = dict(zip(named, self.names, strict=True))  # the model's input → the column

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


def takes_matrix(task: Task, inputs: list[Any]) -> bool:
    """Whether all features go into one tensor of rows × features."""
    if isinstance(task.inputs, str) and task.inputs:
        return True
    if task.inputs or len(inputs) != 1 or len(inputs[0].shape) != 2:
        return False
    return len(task.names) > 1 or inputs[0].name not in task.names


def check_inputs(task: Task, inputs: list[Any]) -> None:
    """Raise Problem unless the features fill the model's inputs."""
    there = [wanted.name for wanted in inputs]
    if takes_matrix(task, inputs):
        if there != [task.inputs] and task.inputs:
            raise misfit(task, f"takes {', '.join(there[:10])}, its contract says one tensor named {task.inputs}")
        wanted = inputs[0].shape[1] if len(inputs[0].shape) == 2 else len(task.names)
        if isinstance(wanted, int) and wanted != len(task.names):
            raise misfit(task, f"wants {wanted} features, the dataset offers {len(task.names)}")
        return
    missing = [name for name in there if name not in task.feeds]
    if missing:
        offers = f"the dataset offers {len(task.names)}: missing {', '.join(missing[:10])}"
        raise misfit(task, f"wants {len(inputs)} inputs, {offers}")
    unused = sorted(set(task.feeds) - set(there))
    if unused and task.inputs:
        raise misfit(task, f"has no input {', '.join(unused[:10])}, which its contract names")
    if unused:
        sys.stderr.write(f"The model takes no notice of {', '.join(unused)}.\n")


def misfit(task: Task, what: str) -> Problem:
    """The Problem of features that don't go into the model."""
    remedy = "Register the version with the features the model was trained on, in their order and types."
    return Problem("inputs_do_not_fit", f"{task.name} {what}", remedy)


def feed(task: Task, inputs: list[Any], rows: slice) -> dict[str, Any]:
    """The model's inputs for these rows."""
    if takes_matrix(task, inputs):
        parts = [converted(task, name, inputs[0].type, rows) for name in task.names]
        return {inputs[0].name: np.stack(parts, axis=1)}
    values = {wanted.name: converted(task, task.feeds[wanted.name], wanted.type, rows) for wanted in inputs}
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
    """The name of the output that holds the answer; raises Problem when there is none to be sure of."""
    types = {output.name: output.type for output in outputs}
    fitting = [name for name, kind in types.items() if kind in ANSWER_TYPES[task.kind]]
    usual = [name for name in USUAL_NAMES[task.kind] if name in fitting]
    chosen = task.output or next(iter(usual), fitting[0] if len(fitting) == 1 else "")
    if types.get(chosen) in NAMED_ANSWER_TYPES[task.kind]:
        return chosen
    offered = ", ".join(f"{name} ({kind})" for name, kind in types.items())
    wanted = f"output {chosen} that fits" if chosen else f"output that is clearly {ANSWERS[task.kind]}"
    raise Problem("no_probability_output", f"{task.name} has no {wanted}; it has {offered}", NAME_IT)


def check_width(task: Task, chosen: Any) -> None:
    """Raise Problem when the output's declared width can't hold the answer."""
    width = chosen.shape[1] if chosen.type in FLOAT_TYPES and len(chosen.shape) == 2 else None
    if isinstance(width, int):
        answers_of(task, np.zeros((1, width)), 1)


def answers_of(task: Task, answer: Any, rows: int) -> Any:
    """What the model answered for `rows` rows, as float64: [rows], or [rows, classes]."""
    if len(answer) != rows:
        text = f"{task.name} answered {len(answer)} rows for {rows}"
        raise Problem("bad_scores", text, "Export the model with a free first dimension.")
    if isinstance(answer, list):
        return from_maps(task, answer)
    if task.kind == "regression":
        return one_column(task, answer).astype("<f8")
    if task.kind == "binary":
        return positive_scores(task, answer)
    if answer.dtype.kind == "f":
        return class_columns(task, answer)
    return label_places(task, one_column(task, answer))


def from_maps(task: Task, answer: list[Any]) -> Any:
    """Probabilities out of a map for each row, label → probability, as classifiers are exported with ZipMap."""
    if task.kind == "multiclass":
        found = [{str(label): value for label, value in row.items()} for row in answer]
        absent = set(found[0]) ^ set(task.classes)
        if absent:
            text = f"{task.name} and its contract differ in the classes {', '.join(sorted(absent)[:10])}"
            raise Problem("no_probability_output", text, "List the labels of the model's own maps as its classes.")
        return np.array([[row[label] for label in task.classes] for row in found], dtype="<f8")
    labels = sorted(answer[0])
    if len(labels) != 2:
        text = f"{task.name} answers in maps of {len(labels)} labels; a yes/no model has two"
        raise Problem("no_probability_output", text, NAME_IT)
    return np.array([row[labels[task.positive_class]] for row in answer], dtype="<f8")


def one_column(task: Task, answer: Any) -> Any:
    """[rows] out of [rows] or [rows, 1]."""
    if answer.ndim not in (1, 2) or answer.shape[1:] not in ((), (1,)):
        text = f"{task.name} answers in shape {list(answer.shape)}; wanted is one value per row"
        raise Problem("no_probability_output", text, NAME_IT)
    return answer.reshape(len(answer))


def positive_scores(task: Task, answer: Any) -> Any:
    """The positive class's probability, float64[rows], out of [rows, 2], [rows, 1] or [rows]."""
    if answer.ndim not in (1, 2) or answer.shape[1:] not in ((), (1,), (2,)):
        text = f"{task.name} answers in shape {list(answer.shape)}; a yes/no model has one or two columns"
        raise Problem("no_probability_output", text, NAME_IT)
    if answer.shape[1:] != (2,):
        return answer.reshape(len(answer)).astype("<f8")
    return answer[:, task.positive_class].astype("<f8")


def class_columns(task: Task, answer: Any) -> Any:
    """Probabilities as float64[rows, classes]."""
    if answer.shape[1:] != (len(task.classes),):
        text = f"{task.name} answers in shape {list(answer.shape)}, its contract lists {len(task.classes)} classes"
        raise Problem("no_probability_output", text, "List its classes in the order of the output's columns.")
    return answer.astype("<f8")


def label_places(task: Task, labels: Any) -> Any:
    """Where each predicted label stands among the classes, float64[rows]."""
    places = {label: place for place, label in enumerate(task.classes)}
    unknown = sorted({str(label) for label in labels} - set(places))
    if unknown:
        text = f"{task.name} answers the class {unknown[0][:40]}, which its contract doesn't list"
        raise Problem("no_probability_output", text, "List all classes that the model tells apart.")
    return np.array([places[str(label)] for label in labels], dtype="<f8")


def run(session: Any, task: Task, output: str, inputs: list[Any], rows: slice) -> Any:
    """Predictions for these rows."""
    fed = feed(task, inputs, rows)
    try:
        (answer,) = session.run([output], fed)
    except Exception as error:  # noqa: BLE001 - onnxruntime's exceptions share no other base
        if is_about_memory(str(error)):
            raise MemoryError from None
        remedy = "Run the file on these features with onnxruntime to see where it fails."
        raise Problem("inputs_do_not_fit", f"{task.name} fails on the data: {short(str(error))}", remedy) from None
    return answers_of(task, answer, rows.stop - rows.start)


def answer_all(folder: Path, scores: Any) -> None:
    """Write every row's prediction to the binary stream `scores`, batch by batch."""
    task = Task(folder)
    session = load(task)
    inputs = session.get_inputs()
    check_inputs(task, inputs)
    output = choose_output(task, session.get_outputs())
    for start in range(0, task.rows, BATCH_ROWS):
        rows = slice(start, min(start + BATCH_ROWS, task.rows))
        scores.write(run(session, task, output, inputs, rows).tobytes())


def look_at(folder: Path, _answer: Any) -> None:
    """Raise Problem when inputs or outputs, as the file declares them, don't fit; nothing is run."""
    task = Task(folder)
    session = load(task)
    check_inputs(task, session.get_inputs())
    outputs = {output.name: output for output in session.get_outputs()}
    check_width(task, outputs[choose_output(task, list(outputs.values()))])


def time_calls(folder: Path, figures: Any) -> None:
    """Write the most bytes held before and after, and the milliseconds of each timed call of the model alone."""
    task = Task(folder)
    idle = peak_bytes()
    session = load(task)
    inputs = session.get_inputs()
    check_inputs(task, inputs)
    output = choose_output(task, session.get_outputs())
    size, seconds = int(task.timing["batch_rows"]), task.timing["seconds"]
    batches = [slice(start, start + size) for start in range(0, task.rows - size + 1, size)]
    run(session, task, output, inputs, batches[0])  # what doesn't fit says so here
    gc.disable()
    milliseconds: list[float] = []
    call, ends = 0, time.monotonic() + seconds / 10
    while call < WARM_UP_CALLS and time.monotonic() < ends:
        time_call(session, output, feed(task, inputs, batches[call % len(batches)]))
        call += 1
    ends = time.monotonic() + seconds
    while len(milliseconds) < task.timing["calls"]:
        if len(milliseconds) >= LEAST_TIMED_CALLS and time.monotonic() >= ends:
            break
        fed = feed(task, inputs, batches[len(milliseconds) % len(batches)])
        milliseconds.append(time_call(session, output, fed))
    figures.write(np.array([idle, peak_bytes(), *milliseconds], "<f8").tobytes())


def time_call(session: Any, output: str, fed: dict[str, Any]) -> float:
    """The milliseconds of one call."""
    started = time.perf_counter_ns()
    session.run([output], fed)
    return (time.perf_counter_ns() - started) / 1e6


def peak_bytes() -> int:
    """The most memory this program held so far."""
    try:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        # The sandbox has no such file. There the process never was anything else; elsewhere this figure would
        # hold what its parent had in memory, too.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def give_up(problem: Problem) -> NoReturn:
    """Say what is wrong, for the parent to read, and end."""
    told = {"code": problem.code, "text": problem.text[:LONGEST_TEXT], "remedy": problem.remedy}
    sys.stderr.write(f"\n{PROBLEM_MARK}{json.dumps(told)}\n")
    sys.exit(PROBLEM_STATUS)


WORK = {"--answer": answer_all, "--time": time_calls, "--look": look_at}


def main() -> None:
    """The answer goes where stdout was; whatever native code prints goes to stderr."""
    work = WORK[sys.argv[2]]
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        try:
            work(Path(sys.argv[1]), answer)
        except Problem as problem:
            give_up(problem)


if __name__ == "__main__":
    main()
