"""What the child does with a model of any format. Predictions leave as raw little-endian float64: one per row (a
probability, a number, the place of a class) or for each row one per class."""

from __future__ import annotations

import gc
import importlib
import resource
import time
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from .task import Task

BATCH_ROWS = 8192
WARM_UP_CALLS = 20
LEAST_TIMED_CALLS = 5


class Model(Protocol):
    """A model that is loaded and fits its task. Each step raises Problem when something stands in its way."""

    def feed(self, rows: slice) -> Any:
        """What the runtime is handed for these rows."""

    def answer(self, fed: Any) -> Any:
        """One call of the model alone: this is what is timed."""

    def predictions(self, answer: Any, rows: int) -> Any:
        """An answer as float64: [rows], or [rows, classes]."""


def answer_all(format: str, folder: Path, scores: BinaryIO) -> None:
    """Write every row's prediction to the binary stream `scores`, batch by batch."""
    task = Task(folder)
    model = runtime_of(format).open_model(task)
    for start in range(0, task.rows, BATCH_ROWS):
        rows = slice(start, min(start + BATCH_ROWS, task.rows))
        answer = model.answer(model.feed(rows))
        scores.write(np.ascontiguousarray(model.predictions(answer, rows.stop - rows.start), "<f8").tobytes())


def look_at(format: str, folder: Path, _answer: BinaryIO) -> None:
    """Raise Problem when inputs or outputs, as the file declares them, don't fit; nothing is run."""
    runtime_of(format).look_at(Task(folder))


def time_calls(format: str, folder: Path, figures: BinaryIO) -> None:
    """Write the most bytes held before and after, and the milliseconds of each timed call of the model alone."""
    runtime = runtime_of(format)
    runtime.import_runtime()
    task = Task(folder)
    idle = peak_bytes()
    model = runtime.open_model(task)
    size, seconds = int(task.timing["batch_rows"]), task.timing["seconds"]
    batches = [slice(start, start + size) for start in range(0, task.rows - size + 1, size)]
    model.predictions(model.answer(model.feed(batches[0])), size)  # what doesn't fit says so here
    gc.disable()
    warm_up(model, batches, seconds / 10)
    milliseconds: list[float] = []
    ends = time.monotonic() + seconds
    while len(milliseconds) < task.timing["calls"]:
        if len(milliseconds) >= LEAST_TIMED_CALLS and time.monotonic() >= ends:
            break
        milliseconds.append(time_call(model, batches[len(milliseconds) % len(batches)]))
    figures.write(np.array([idle, peak_bytes(), *milliseconds], "<f8").tobytes())


def warm_up(model: Model, batches: list[slice], seconds: float) -> None:
    """A few calls that nobody counts, for this long at most."""
    call, ends = 0, time.monotonic() + seconds
    while call < WARM_UP_CALLS and time.monotonic() < ends:
        time_call(model, batches[call % len(batches)])
        call += 1


def time_call(model: Model, rows: slice) -> float:
    """The milliseconds of one call, its inputs laid out before."""
    fed = model.feed(rows)
    started = time.perf_counter_ns()
    model.answer(fed)
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


def runtime_of(format: str) -> Any:
    """The module that runs the format: `import_runtime`, `open_model`, which returns a Model, and `look_at`."""
    return importlib.import_module(f".{format}_model", __package__)
