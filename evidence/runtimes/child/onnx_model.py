"""Runs one ONNX model."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import onnxruntime

from .answers import answers_of
from .problem import NAME_IT, Problem
from .task import Task, misfit

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
REEXPORT = "Check the file with onnx.checker and export the model again, weights inside the one file."


class OnnxModel:
    """A loaded model; see `work.Model`."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.session = load(task)
        self.inputs = self.session.get_inputs()
        check_inputs(task, self.inputs)
        self.output = choose_output(task, self.session.get_outputs())

    def feed(self, rows: slice) -> dict[str, Any]:
        return feed(self.task, self.inputs, rows)

    def answer(self, fed: dict[str, Any]) -> Any:
        try:
            (answer,) = self.session.run([self.output], fed)
        except Exception as error:  # noqa: BLE001 - onnxruntime's exceptions share no other base
            if is_about_memory(str(error)):
                raise MemoryError from None
            remedy = "Run the file on these features with onnxruntime to see where it fails."
            text = f"{self.task.name} fails on the data: {short(str(error))}"
            raise Problem("inputs_do_not_fit", text, remedy) from None
        return answer

    def predictions(self, answer: Any, rows: int) -> Any:
        return answers_of(self.task, answer, rows)


def import_runtime() -> None:
    """It came with this module: onnxruntime is needed for a mere look, too."""


def open_model(task: Task) -> OnnxModel:
    """The model, ready to run. Raises Problem when it can't be read or its inputs and outputs don't fit."""
    return OnnxModel(task)


def look_at(task: Task) -> None:
    """Raise Problem when inputs or outputs, as the file declares them, don't fit; nothing is run."""
    model = OnnxModel(task)
    outputs = {output.name: output for output in model.session.get_outputs()}
    check_width(task, outputs[model.output])


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
