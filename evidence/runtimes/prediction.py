"""What a runtime answers, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evidence.isolation import Isolation

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
]

# Models compute in 32-bit floats: the votes of a forest may well add up to 1.000001.
ROUNDING = 1e-5


@dataclass(frozen=True)
class Prediction:
    """`scores`, float64[n] in [0, 1], in the order of the rows; how the model was isolated, for how many
    seconds it ran (start of the child included), and the end of what it logged (untrusted text)."""

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
    broken = ~np.isfinite(scores)
    if broken.any():
        _refuse_scores(name, broken, "not a finite number")
    outside = (scores < -ROUNDING) | (scores > 1 + ROUNDING)
    if outside.any():
        _refuse_scores(name, outside, f"outside 0 to 1 ({scores[outside][0]:.6g})")
    return np.clip(scores, 0.0, 1.0)


def _refuse_scores(name: str, rows: npt.NDArray[np.bool_], what: str) -> None:
    raise RuntimeRefused(
        "bad_scores",
        f"{name} gave {int(rows.sum())} of {len(rows)} scores that are no probabilities; "
        f"the first, in row {int(np.argmax(rows))}, is {what}",
        "Name the output that holds the positive class's probability; check what missing values lead to.",
    )
