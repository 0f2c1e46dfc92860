"""Measuring versions together, for real: what is stored, what is on the record, and who holds up whom."""

from typing import Any

import numpy as np
import pytest

from audit.models import AuditEvent
from evidence.actions import EvidenceMissing, lock_dataset, measure_together
from evidence.labels import Declaration
from evidence.measuring import Plan
from evidence.models import Evaluation, ExposureEntry, LockedDataset, Measurement
from registry.actions import NewVersion, add_artifact_file, create_dataset, finalise_version, register_version
from registry.models import Version
from registry.stores import store
from tests.evidence import onnx_models
from tests.factories import model_named, persona

pytestmark = pytest.mark.django_db
PLAN = Plan(batch_rows=4, calls=6, rounds=2)


@pytest.fixture
def locked() -> LockedDataset:
    lines = ["id,a,b,good", *(f"r{row},{row / 10},{row},{row % 2}" for row in range(10))]
    dataset = create_dataset("holdout", actor=persona("sam"))
    return lock_dataset(dataset, ["\n".join(lines).encode()], Declaration("id", "good", "1"), actor=persona("sam"))


def version(artifact: Any, **facts: Any) -> Version:
    told = {"format": "onnx", "features": ["a", "b"], **facts}
    made = register_version(model_named(), NewVersion(**told), actor=persona("dana"))
    add_artifact_file(made, f"model.{told['format']}", [artifact.read_bytes()], actor=persona("dana"))
    return finalise_version(made, actor=persona("dana"))


@pytest.fixture
def pair(tmp_path: Any) -> list[Version]:
    """A quick model, and one that fills 16 MB and takes its time for it."""
    quick = onnx_models.logistic(tmp_path / "quick.onnx", [1, 2])
    slow = onnx_models.memory_eater(tmp_path / "slow.onnx", 500_000)
    return [version(quick), version(slow)]


def measured(versions: list[Version], locked: LockedDataset, plan: Plan = PLAN) -> list[Any]:
    return list(measure_together(versions, locked, plan, report=lambda share, word: None))


def test_both_are_measured_in_one_go_and_the_slow_one_shows(pair: list[Version], locked: LockedDataset) -> None:
    quick, slow = measured(pair, locked)
    assert (quick.version, slow.version) == tuple(pair)
    assert quick.together == slow.together
    assert (quick.host, quick.isolation) == (slow.host, slow.isolation)
    assert slow.p50 > 3 * quick.p50
    assert slow.peak_bytes > quick.peak_bytes + 4 * 2 * 4 * 500_000


def test_each_figure_is_the_median_of_its_rounds(pair: list[Version], locked: LockedDataset) -> None:
    (found,) = measured(pair[:1], locked, Plan(batch_rows=4, calls=6, rounds=3))
    assert (found.n, found.batch_rows, len(found.rounds)) == (18, 4, 3)
    for figure in ("p50", "p95", "p99", "peak_bytes", "idle_bytes"):
        assert getattr(found, figure) == np.median([told[figure] for told in found.rounds])
    assert found.p50 <= found.p95 <= found.p99


def test_every_measurement_is_made_anew_even_of_the_same_bytes(pair: list[Version], locked: LockedDataset) -> None:
    first, second = measured(pair[:1], locked), measured(pair[:1], locked)
    assert first[0].pk != second[0].pk
    assert Measurement.objects.count() == 2


def test_measuring_is_on_the_record_and_exposes_nothing(pair: list[Version], locked: LockedDataset) -> None:
    measured(pair, locked)
    events = AuditEvent.objects.filter(verb="version.measured").order_by("pk")
    assert [(event.subject_name, event.actor) for event in events] == [("loan v1", ""), ("loan v2", "")]
    assert not Evaluation.objects.exists()
    assert not ExposureEntry.objects.exists()


def test_a_version_that_is_never_executed_keeps_none_of_the_others_from_it(
    pair: list[Version], locked: LockedDataset, tmp_path: Any
) -> None:
    other = version(tmp_path / "quick.onnx", format="pickle")
    missing, found = measured([other, pair[0]], locked)
    assert isinstance(missing, EvidenceMissing)
    assert missing.code == "not_executable"
    assert found.version == pair[0]


def test_a_model_that_does_not_fit_is_started_once_and_named(
    pair: list[Version], locked: LockedDataset, tmp_path: Any
) -> None:
    wide = version(onnx_models.logistic(tmp_path / "wide.onnx", [1, 2, 3]))
    found, missing = measured([pair[0], wide], locked)
    assert found.n == 12
    assert missing.code == "inputs_do_not_fit"
    assert list(Measurement.objects.values_list("version", flat=True)) == [pair[0].pk]


def test_features_the_dataset_does_not_offer_are_named(locked: LockedDataset, tmp_path: Any) -> None:
    asks_for_truth = version(onnx_models.logistic(tmp_path / "model.onnx", [1, 2]), features=["a", "good"])
    (missing,) = measured([asks_for_truth], locked)
    assert missing.code == "inputs_do_not_fit"
    assert "wants good" in str(missing)


def test_changed_bytes_are_not_run(pair: list[Version], locked: LockedDataset) -> None:
    place = store()._place(pair[0].files.get().sha256)
    place.chmod(0o600)
    place.write_bytes(place.read_bytes() + b"!")
    (missing,) = measured(pair[:1], locked)
    assert missing.code == "bytes_changed"


def test_a_batch_larger_than_the_dataset_takes_its_rows_again(pair: list[Version], locked: LockedDataset) -> None:
    (found,) = measured(pair[:1], locked, Plan(batch_rows=25, calls=5, rounds=1))
    assert (found.batch_rows, found.n) == (25, 5)


def test_progress_is_told_in_rising_shares_below_one(pair: list[Version], locked: LockedDataset) -> None:
    told: list[float] = []
    measure_together(pair, locked, PLAN, report=lambda share, word: told.append(share))
    assert len(told) == 4
    assert told == sorted(told)
    assert told[-1] < 1
