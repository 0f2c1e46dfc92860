"""What is measured, and in which direction it improves. Each task has a file of its own beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower"]


@dataclass(frozen=True)
class Metric:
    """One measure of quality.

    `direction` says which way is better. `unit` is "share" for values in [0, 1] that pages show as a
    percentage (and their differences as "pts"), "" for plain numbers. `at_threshold` is true when the value
    depends on the version's decision threshold.
    """

    key: str
    title: str
    direction: Direction
    unit: Literal["", "share"]
    at_threshold: bool


METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric("auc", "AUC", "higher", "", at_threshold=False),
        Metric("accuracy", "Accuracy", "higher", "share", at_threshold=True),
        Metric("log_loss", "Log loss", "lower", "", at_threshold=False),
        Metric("recall", "Recall", "higher", "share", at_threshold=True),
    )
}


@dataclass(frozen=True)
class Value:
    """One metric's value on `n` rows (for recall: positive rows).

    `value` is None when the rows don't define it; `reason` then says why ("only one class among 40 rows").
    """

    metric: str
    value: float | None
    n: int
    reason: str = ""
