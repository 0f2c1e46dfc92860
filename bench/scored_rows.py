"""Rows that two models have scored, drawn anew the same way each time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evidence.groups import Groups

ROWS, SEGMENTS = 10_000_000, 20


@dataclass(frozen=True)
class Sample:
    """What two models say of the same rows."""

    truth: npt.NDArray[np.bool_]
    live: npt.NDArray[np.float64]
    candidate: npt.NDArray[np.float64]
    groups: Groups


def sample(rows: int = ROWS) -> Sample:
    rng = np.random.default_rng(7)
    truth = rng.random(rows) < 0.3
    live, candidate = (1 / (1 + np.exp(-(rng.normal(size=rows) + 1.2 * truth))) for _ in range(2))
    names = tuple(f"group {place:02}" for place in range(SEGMENTS))
    return Sample(truth, live, candidate, Groups(names, rng.integers(0, SEGMENTS, rows).astype(np.uint16)))
