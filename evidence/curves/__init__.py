"""What is kept of an evaluation to be drawn, as small plain JSON; a file for each task."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: Points of a curve that are kept: more than a screen shows apart.
MOST_POINTS = 101


def compact(numbers: npt.NDArray[Any]) -> list[float]:
    """The numbers to 6 significant digits: no eye sees the seventh, and every evaluation stores them."""
    return [float(f"{number:.6g}") for number in numbers.tolist()]


def spread_evenly(length: npt.NDArray[np.float64], points: int = MOST_POINTS) -> npt.NDArray[np.intp]:
    """Places of at most `points` entries of the rising `length`, first and last among them."""
    if points < 2:
        raise ValueError(f"a curve needs at least 2 points, not {points}")
    if len(length) <= points:
        return np.arange(len(length))
    wanted = np.linspace(length[0], length[-1], points)
    return np.unique(np.searchsorted(length, wanted))
