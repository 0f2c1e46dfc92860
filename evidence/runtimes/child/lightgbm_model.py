"""Runs one LightGBM text model."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .lightgbm_text import Forest, Unreadable, Unsupported, read_forest
from .problem import NAME_IT, Problem
from .task import Task, misfit

# LightGBM wants these only to be given their tables, and importing them would take a second and 100 MB.
UNUSED_PACKAGES = ("pandas", "sklearn", "pyarrow", "dask", "matplotlib", "graphviz", "cffi")

# What each task's answer comes from. Others answer in numbers of their own, such as ranks.
OBJECTIVES = {
    "binary": {"binary", "cross_entropy"},
    "multiclass": {"multiclass"},
    "regression": {
        *("", "custom", "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma"),
        "tweedie",
    },
}
WRITE_AGAIN = "Write the model again with Booster.save_model, and upload that file as it is."
TRAIN_PLAINLY = (
    "Train it on numbers alone, a column for each category, and with plain leaves; or register it under another "
    "format, such as lightgbm-categories, and hand in its predictions."
)
RETRAIN = {
    "binary": "Train it with the objective binary.",
    "multiclass": "Train it with the objective multiclass.",
    "regression": "Train it with one of LightGBM's objectives of regression.",
}


class LightgbmModel:
    """A loaded model; see `work.Model`."""

    def __init__(self, task: Task) -> None:
        self.task = task
        forest = checked_forest(task)
        self.columns = columns_of(task, forest)
        self.booster = load(task, forest)

    def feed(self, rows: slice) -> Any:
        return np.stack([self.task.column(name)[rows] for name in self.columns], axis=1)

    def answer(self, fed: Any) -> Any:
        return self.booster.predict(fed, num_threads=1, validate_features=False)

    def predictions(self, answer: Any, rows: int) -> Any:
        if self.task.kind == "binary" and self.task.positive_class == 0:
            return 1 - answer
        return answer


def import_runtime() -> None:
    """What `imported` does, once and for all."""
    imported()


def open_model(task: Task) -> LightgbmModel:
    """The model, ready to run. Raises Problem when it can't be read or its features don't fit."""
    return LightgbmModel(task)


def look_at(task: Task) -> None:
    """Raise Problem when the file's features or its answer don't fit; LightGBM isn't even imported."""
    columns_of(task, checked_forest(task))


def checked_forest(task: Task) -> Forest:
    """The model in the file, its answer the one that the task wants."""
    try:
        forest = read_forest(task.model)
    except Unreadable as error:
        text = f"{task.name} is no usable LightGBM model: {error}"
        raise Problem("unreadable_artifact", text, WRITE_AGAIN) from None
    except Unsupported as error:
        raise Problem("not_executable", f"{task.name} can't be run here: {error}", TRAIN_PLAINLY) from None
    if task.output:
        text = f"{task.name} has one answer without a name, its contract names the output {task.output}"
        raise Problem("no_probability_output", text, "Leave the output out of the contract.")
    check_answer(task, forest)
    return forest


def check_answer(task: Task, forest: Forest) -> None:
    """Raise Problem unless the model's objective and its number of classes are the task's."""
    objective = forest.objective.split(" ")[0]
    if objective not in OBJECTIVES[task.kind]:
        text = f"{task.name} has {f'the objective {objective}' if objective else 'no objective'}; it is {task.kind}"
        raise Problem("no_probability_output", text, RETRAIN[task.kind])
    if forest.classes != max(1, len(task.classes)):
        text = f"{task.name} tells {forest.classes} classes apart, its contract lists {len(task.classes)}"
        raise Problem("no_probability_output", text, NAME_IT.replace("right output", "classes"))


def columns_of(task: Task, forest: Forest) -> list[str]:
    """The column for each of the model's features, by name, or by place where the file has no names for them."""
    matrix = isinstance(task.inputs, str) and task.inputs
    nameless = forest.features == tuple(f"Column_{place}" for place in range(len(forest.features)))
    # LightGBM writes names with underscores for spaces.
    named = {name.replace(" ", "_"): column for name, column in task.feeds.items()}
    if (matrix or nameless) and not set(named) & set(forest.features):
        if len(forest.features) != len(task.names):
            raise misfit(task, f"wants {len(forest.features)} features, the dataset offers {len(task.names)}")
        return numeric(task, task.names)
    missing = [name for name in forest.features if name not in named]
    if missing or len(named) != len(task.feeds):
        offers = f"the dataset offers {len(named)}: missing {', '.join(missing[:10]) or 'names that differ'}"
        raise misfit(task, f"wants {len(forest.features)} features, {offers}")
    unused = sorted(set(named) - set(forest.features))
    if unused:
        sys.stderr.write(f"The model takes no notice of {', '.join(unused)}.\n")
    return numeric(task, [named[name] for name in forest.features])


def numeric(task: Task, columns: list[str]) -> list[str]:
    """`columns` themselves; raises Problem when one holds text."""
    for name in columns:
        if task.column(name).dtype.kind == "U":
            raise misfit(task, f"takes numbers where column {name} holds text")
    return columns


def load(task: Task, forest: Forest) -> Any:
    """LightGBM's own model, of what was checked and nothing else of the file."""
    lightgbm = imported()
    try:
        return lightgbm.Booster(model_str=forest.text())
    except lightgbm.basic.LightGBMError as error:
        text = f"{task.name} is no usable LightGBM model: {str(error)[:300]}"
        raise Problem("unreadable_artifact", text, WRITE_AGAIN) from None


def imported() -> Any:
    """LightGBM. Raises Problem when the machine lacks what its wheel leaves to the system."""
    for name in UNUSED_PACKAGES:
        sys.modules[name] = None  # type: ignore[assignment]  # "not installed", as far as it can tell
    try:
        import lightgbm
    except ImportError:
        text = "LightGBM isn't installed where models are run"
        raise Problem("runtime_missing", text, "Start the desk with: make run EXTRAS=lightgbm") from None
    except OSError as error:
        text = f"LightGBM can't be loaded on this machine: {str(error)[:200]}"
        raise Problem("runtime_missing", text, "Install GCC's OpenMP library (apt install libgomp1).") from None
    lightgbm.register_logger(Silence())
    return lightgbm


class Silence:
    """Takes LightGBM's words and keeps them to itself."""

    def info(self, words: str) -> None: ...

    def warning(self, words: str) -> None: ...
