"""How long a model takes and how much memory it needs: the plan of a measurement, and what its rounds come to.

A machine is never quiet. So a version's process is started several times, the versions taking turns, and each
figure is the median over its rounds: one bad moment moves one round, and a slow spell hits all versions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from evidence.isolation import Isolation

PERCENTILES = (50, 95, 99)

Made = TypeVar("Made")


@dataclass(frozen=True)
class Plan:
    """How versions are timed: rows handed over in one call, timed calls in a round, and rounds.

    A round ends before its calls are done when they take more than `seconds` together, though not before a few.
    """

    batch_rows: int = 1
    calls: int = 200
    rounds: int = 5
    seconds: float = 2.0


@dataclass(frozen=True)
class Round:
    """One start of a version's process: the milliseconds of each timed call, and the most bytes it held in
    memory, before the model was loaded (`idle_bytes`) and in all (`peak_bytes`)."""

    milliseconds: npt.NDArray[np.float64]
    idle_bytes: int
    peak_bytes: int
    isolation: Isolation

    def to_dict(self) -> dict[str, float]:
        """The round's own figures: calls, p50, p95 and p99 in ms (linear between neighbours), bytes."""
        p50, p95, p99 = (float(value) for value in np.percentile(self.milliseconds, PERCENTILES))
        told: dict[str, float] = {"calls": len(self.milliseconds), "p50": p50, "p95": p95, "p99": p99}
        return told | {"idle_bytes": self.idle_bytes, "peak_bytes": self.peak_bytes}


def take_turns(sides: Sequence[Callable[[], Made]], rounds: int) -> list[list[Made]]:
    """Calls each side once in every round, forwards and backwards by turns, so that none is always first.

    Returns one list per side, in the order of the sides, with one result per round.
    """
    made: list[list[Made]] = [[] for _ in sides]
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for place in order:
            made[place].append(sides[place]())
    return made


def median_of(rounds: Sequence[dict[str, float]], figure: str) -> float:
    """The median over the rounds of one of their figures."""
    return float(median(told[figure] for told in rounds))


def median_ratio(candidate: Sequence[dict[str, float]], baseline: Sequence[dict[str, float]], figure: str) -> float:
    """The median over the rounds of candidate / baseline, each round's two made one after the other.

    Raises ValueError when they differ in number.
    """
    return float(median(own[figure] / live[figure] for own, live in zip(candidate, baseline, strict=True)))
