"""What a runtime answers, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evidence.isolation import Isolation
from evidence.metrics.regression import MOST_NUMBER

RefusalCode = Literal[
    "unreadable_artifact",
    "inputs_do_not_fit",
    "no_probability_output",
    "bad_scores",
    "not_executable",
    "timeout",
    "memory",
    "crash",
    "isolation_missing",
    "runtime_missing",
]

# Models compute in 32-bit floats: the votes of a forest may well add up to 1.000001.
ROUNDING = 1e-5
ROUNDING_OF_SUMS = 1e-3


@dataclass(frozen=True)
class Prediction:
    """`scores` in the order of the rows; how the model was isolated, for how many seconds it ran (start of the
    child included), and the end of what it logged (untrusted text).

    Scores of a binary model are the positive class's probability, float64[n] in [0, 1]. Those of a multiclass model
    are probabilities, float64[n, classes], or where it answers no such thing the places of its decisions among the
    classes, float64[n] of whole numbers. Those of a regression are its numbers, float64[n], finite.
    """

    scores: npt.NDArray[np.float64]
    isolation: Isolation
    seconds: float
    log: str


class RuntimeRefused(Exception):
    """The artifact can't be run or its answer can't be used; names the thing and the remedy."""

    def __init__(self, code: RefusalCode, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.remedy = remedy


def probabilities(scores: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
    """`scores` cut to [0, 1], where they stick out by rounding only (`ROUNDING`).

    Raises RuntimeRefused "bad_scores" with the number of offending rows and the first of them (from 0).
    """
    _refuse_unless_finite(scores, name)
    outside = (scores < -ROUNDING) | (scores > 1 + ROUNDING)
    if outside.any():
        _refuse_scores(name, outside, f"outside 0 to 1 ({scores[outside][0]:.6g})")
    return np.clip(scores, 0.0, 1.0)


def class_probabilities(scores: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
    """`scores`, one row per row and one column per class, cut to [0, 1] as `probabilities` does.

    Raises RuntimeRefused "bad_scores" as it does, and when a row doesn't add up to 1 within `ROUNDING_OF_SUMS`.
    """
    within = probabilities(scores.reshape(-1), name).reshape(scores.shape)
    sums = within.sum(axis=1)
    odd = np.abs(sums - 1) > ROUNDING_OF_SUMS
    if odd.any():
        raise RuntimeRefused(
            "bad_scores",
            f"{name} gave {int(odd.sum())} of {len(odd)} rows of scores that don't add up to 1; the first, row "
            f"{int(np.argmax(odd))}, adds up to {sums[odd][0]:.6g}",
            "Name the output that holds the classes' probabilities.",
        )
    return within


def class_places(scores: npt.NDArray[np.float64], classes: int, name: str) -> npt.NDArray[np.float64]:
    """`scores`, each the place of a class. Raises RuntimeRefused "bad_scores" for any that is none."""
    if not np.isin(scores, np.arange(classes)).all():
        raise RuntimeRefused("bad_scores", f"{name} answered places that no class has")
    return scores


def finite_numbers(scores: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
    """`scores` themselves. Raises RuntimeRefused "bad_scores" where one is no number of a size up to `MOST_NUMBER`."""
    broken = ~(np.abs(scores) <= MOST_NUMBER)
    if broken.any():
        raise RuntimeRefused(
            "bad_scores",
            f"{name} gave {int(broken.sum())} of {len(scores)} predictions that are no finite numbers; the first "
            f"is in row {int(np.argmax(broken))}",
            f"Check what missing values and logarithms lead to; numbers may be of a size up to {MOST_NUMBER:g}.",
        )
    return scores


def _refuse_unless_finite(scores: npt.NDArray[np.float64], name: str) -> None:
    broken = ~np.isfinite(scores)
    if broken.any():
        _refuse_scores(name, broken, "not a finite number")


def _refuse_scores(name: str, rows: npt.NDArray[np.bool_], what: str) -> None:
    raise RuntimeRefused(
        "bad_scores",
        f"{name} gave {int(rows.sum())} of {len(rows)} scores that are no probabilities; "
        f"the first, in row {int(np.argmax(rows))}, is {what}",
        "Name the output that holds the positive class's probability; check what missing values lead to.",
    )
