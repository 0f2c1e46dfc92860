"""Versions on a recent sample whose truth nobody knows, with the predictions chosen here."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evidence.actions import lock_dataset
from evidence.actions.evaluate import store_evaluation
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import Evaluation, LockedDataset, Provenance
from registry.actions import create_dataset
from registry.models import Model, Version
from tests import factories

SAMPLE = "recent@1"


def sample(rows: int = 1000, *, task: str = "binary") -> LockedDataset:
    """The locked dataset `recent@1` without labels, half of it north and half south."""
    found = LockedDataset.objects.filter(dataset_version__dataset__name="recent").first()
    if found is not None:
        return found
    lines = ["id,amount,region", *(f"r{row},{row},{'south' if row % 2 else 'north'}" for row in range(rows))]
    dataset = create_dataset("recent", actor=factories.persona("sam"))
    declared = Declaration(id_column="id", segments=["region"], task=task)
    return lock_dataset(dataset, ["\n".join(lines).encode()], declared, actor=factories.persona("sam"))


def predicting(
    loan: Model, predictions: Sequence[float] | npt.NDArray[np.float64], *, is_live: bool = False, **facts: Any
) -> Version:
    """A version that predicts this for the sample, in Production if asked for."""
    version = factories.version_of(loan, **facts)
    on_sample(version, predictions)
    if is_live:
        factories.promotion_in("completed", version=version)
    version.refresh_from_db()
    return version


def on_sample(version: Version, predictions: Sequence[float] | npt.NDArray[np.float64]) -> Evaluation:
    """Its evaluation on the sample."""
    return on(sample(len(predictions), task=version.task), version, predictions)


def on(locked: LockedDataset, version: Version, predictions: Sequence[float] | npt.NDArray[np.float64]) -> Evaluation:
    """Its evaluation on a dataset."""
    ran: dict[str, Any] = {"provenance": Provenance.SCORED, "actor": factories.persona("dana")}
    return store_evaluation(version, locked, load_rows(locked), np.asarray(predictions, dtype=np.float64), **ran)
