"""Two models that tell several classes apart, on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.comparison import Comparison, count_decisions, judge_measures
from evidence.intervals import Interval, mean_difference, paired_share_difference
from evidence.metrics import MULTICLASS
from evidence.metrics.binary import Floats
from evidence.metrics.multiclass import Classes, checked_rows, decisions, measure, row_log_loss
from evidence.resampling import joint_table, macro_f1, macro_recall, resampled_difference
from evidence.segments import judge_groups, share_groups


def compare(
    truth: Classes,
    baseline: Floats,
    candidate: Floats,
    *,
    classes: int,
    segments: Mapping[str, npt.NDArray[Any]],
    level: float = 0.95,
) -> Comparison:
    """Compare two models' predictions of the same rows; see `evidence.metrics.multiclass` for their shapes.

    Segments (column name → text per row) are compared by accuracy; their intervals are Bonferroni-widened so
    that all of them hold together at `level`. Raises ValueError when shapes differ or something isn't finite.
    """
    truth, baseline = checked_rows(truth, baseline, classes)
    truth, candidate = checked_rows(truth, candidate, classes)
    was, now = decisions(baseline), decisions(candidate)
    was_right, is_right = was == truth, now == truth
    table = joint_table(truth, was, now, classes)
    intervals: dict[str, Callable[[], Interval]] = {
        "accuracy": lambda: paired_share_difference(was_right, is_right, level),
        "macro_recall": lambda: resampled_difference(table, macro_recall, level),
        "macro_f1": lambda: resampled_difference(table, macro_f1, level),
        "log_loss": lambda: mean_difference(row_log_loss(truth, baseline), row_log_loss(truth, candidate), level),
    }
    everywhere = np.ones(len(truth), dtype=np.bool_)
    return Comparison(
        task=MULTICLASS,
        n=len(truth),
        level=level,
        measures=judge_measures(
            measure(truth, baseline, classes), measure(truth, candidate, classes), intervals, level
        ),
        segments=judge_groups(share_groups("accuracy", segments, everywhere, was_right, is_right), level),
        decisions=count_decisions(was_right, is_right),
        changed=int((was != now).sum()),
    )
