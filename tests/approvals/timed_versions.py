"""Versions whose timing is scripted: what each takes is decided here, all around it is real."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from evidence.measuring import Plan, Round
from evidence.runtimes import Run, RuntimeRefused
from registry.models import Model, Version
from tests import factories


class Stopwatch:
    """Stands for the isolated process. Versions answer by their first feature's name."""

    def __init__(self) -> None:
        self.rounds: dict[str, list[Round | RuntimeRefused]] = {}
        self.started: list[str] = []
        self.plans: list[Plan] = []

    def script(self, version: str, milliseconds: Sequence[float], megabytes: Sequence[float] = ()) -> None:
        """Each round of the version takes so many ms in every call and so many MB."""
        megabytes = megabytes or [100] * len(milliseconds)
        self.rounds[version] = [
            Round(np.full(10, ms), 40_000_000, int(mb * 1e6), "limits")
            for ms, mb in zip(milliseconds, megabytes, strict=True)
        ]

    def refuse(self, version: str) -> None:
        self.rounds[version] = [RuntimeRefused("timeout", f"{version} never ended.", "Make it faster.")]

    def __call__(self, run: Run, plan: Plan) -> Round:
        version = "live" if len(run.columns) == 2 else "candidate"
        self.started.append(version)
        self.plans.append(plan)
        given = self.rounds[version]
        answer = given[self.started.count(version) - 1]
        if isinstance(answer, RuntimeRefused):
            raise answer
        return answer


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr("evidence.actions.measure.time_round", watch)
    return watch


def candidate(loan: Model, **facts: Any) -> Version:
    """A version of one input."""
    return factories.version_of(loan, **facts)


def live(loan: Model, **facts: Any) -> Version:
    """A version of two inputs, in Production."""
    version = factories.version_of(loan, **{"features": ["amount", "region"], **facts})
    factories.evidence_of(version)
    promotion = factories.finish_gates(factories.promotion_in("checking", version=version))
    factories.approve(promotion, factories.persona("riley"), slot="model")
    factories.approve(promotion, factories.persona("sam"), slot="risk")
    version.refresh_from_db()
    return version
