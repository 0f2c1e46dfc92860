"""The oracle of every interval: draw rows with replacement, measure both models anew, take the difference."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

DRAWS = 600


def bootstrapped(
    difference: Callable[[npt.NDArray[Any]], list[float]], rows: int, *, seed: int = 1
) -> npt.NDArray[np.float64]:
    """`difference(rows)` of redrawn rows, float64[DRAWS, metrics]."""
    random = np.random.default_rng(seed)
    return np.array([difference(random.integers(0, rows, rows)) for _ in range(DRAWS)], dtype=np.float64)


def assert_agrees(measure: Any, draws: npt.NDArray[np.float64], within: float = 0.2) -> None:
    """Half-widths agree to `within` (600 draws know a standard error to 3 %), and so do the centres."""
    spread = 1.96 * draws.std()
    assert abs((measure.high - measure.low) / 2 / spread - 1) < within, measure.metric
    assert abs((measure.high + measure.low) / 2 - draws.mean()) < spread / 4, measure.metric
