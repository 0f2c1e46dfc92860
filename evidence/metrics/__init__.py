"""What is measured, and in which direction it improves. Each task has a file of its own beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower", "zero"]
Unit = Literal["", "share"]

BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"

#: What keeps a metric stored for a segment: what a group of people would notice. It is the one that segments
#: are compared by, too.
SEGMENT_METRICS = {BINARY: "recall", MULTICLASS: "accuracy", REGRESSION: "mae"}

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Metric:
    """One measure of quality, of models of these `tasks`.

    `direction` says which way is better; "zero" is for values that are good near zero, on either side: their
    differences are differences of the distance from zero, so that lower is better among those. `unit` is
    "share" for values that pages show as a percentage (and their differences as "pts"), "" for plain numbers.
    `at_threshold` is true when a binary model's value depends on the version's decision threshold.
    """

    key: str
    title: str
    direction: Direction
    unit: Unit
    tasks: tuple[str, ...] = (BINARY,)
    at_threshold: bool = False

    def figure(self, value: float) -> str:
        """A value within a sentence: `0.842`, a share as `11.47%`."""
        text = f"{100 * value:.2f}%" if self.unit == "share" else f"{value:,.3f}"
        return text.replace("-", _MINUS)

    def difference(self, value: float) -> str:
        """A signed difference within a sentence: `+0.013`, between shares `+0.22 pts`."""
        text = f"{100 * value:+.2f} pts" if self.unit == "share" else f"{value:+,.3f}"
        return text.replace("-", _MINUS)


_SORTED_OUT = (BINARY, MULTICLASS)
_NUMBERS = (REGRESSION,)

METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric("auc", "AUC", "higher", ""),
        Metric("average_precision", "Average precision", "higher", ""),
        Metric("accuracy", "Accuracy", "higher", "share", _SORTED_OUT, at_threshold=True),
        Metric("precision", "Precision", "higher", "share", at_threshold=True),
        Metric("recall", "Recall", "higher", "share", at_threshold=True),
        Metric("f1", "F1", "higher", "", at_threshold=True),
        Metric("macro_recall", "Macro recall", "higher", "share", (MULTICLASS,)),
        Metric("macro_f1", "Macro F1", "higher", "", (MULTICLASS,)),
        Metric("log_loss", "Log loss", "lower", "", _SORTED_OUT),
        Metric("brier", "Brier score", "lower", ""),
        Metric("calibration_error", "Calibration error", "lower", "share"),
        Metric("rmspe", "RMSPE", "lower", "share", _NUMBERS),
        Metric("mape", "MAPE", "lower", "share", _NUMBERS),
        Metric("rmse", "RMSE", "lower", "", _NUMBERS),
        Metric("mae", "MAE", "lower", "", _NUMBERS),
        Metric("r2", "R\N{SUPERSCRIPT TWO}", "higher", "", _NUMBERS),
        Metric("mean_signed_error", "Mean signed error", "zero", "", _NUMBERS),
    )
}


def metrics_of(task: str) -> list[Metric]:
    """What models of the task are measured by, in the order shown; nothing for a task that isn't one."""
    return [metric for metric in METRICS.values() if task in metric.tasks]


def why_not_measured(metric: str, task: str) -> str:
    """Why models of the task have no such metric, or "" when they have it. `metric` is a key of `METRICS`."""
    if task in METRICS[metric].tasks:
        return ""
    known = ", ".join(each.key for each in metrics_of(task))
    return f"{METRICS[metric].title} doesn't exist for {task} models, which have {known}"


@dataclass(frozen=True)
class Value:
    """One metric's value on `n` rows (for recall: positive rows; for precision: rows decided "yes").

    `value` is None when the rows don't define it; `reason` then says why ("only one class among 40 rows"). [low, high]
    is this version's own 95% interval, made by `method`; both are None where no sound one is known.
    """

    metric: str
    value: float | None
    n: int
    reason: str = ""
    low: float | None = None
    high: float | None = None
    method: str = ""
