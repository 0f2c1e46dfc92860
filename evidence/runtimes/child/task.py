"""What the child is asked: the model, the columns, the answer wanted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .problem import Problem


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
        self.model = (folder / "model").read_bytes()
        self.files = {name: folder / f"{place}.npy" for place, name in enumerate(self.names)}
        self.rows = len(self.column(self.names[0]))
        named = self.inputs if isinstance(self.inputs, list) and self.inputs else self.names
        self.feeds = dict(zip(named, self.names, strict=True))  # the model's input → the column

    def column(self, name: str) -> Any:
        """One column, mapped and not read: only a batch is in memory at a time, and few files are open."""
        return np.load(self.files[name], mmap_mode="r", allow_pickle=False)


def misfit(task: Task, what: str) -> Problem:
    """The Problem of features that don't go into the model."""
    remedy = "Register the version with the features the model was trained on, in their order and types."
    return Problem("inputs_do_not_fit", f"{task.name} {what}", remedy)
