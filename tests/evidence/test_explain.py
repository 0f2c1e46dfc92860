"""What inputs are worth to a version, computed by really running it; once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from audit.models import AuditEvent
from evidence.actions import EvidenceMissing, evaluate, explain, lock_dataset
from evidence.actions.evaluate import store_evaluation
from evidence.importance import Finding, Reliance
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import ExposureEntry, Importance, LockedDataset, Provenance
from registry.actions import create_dataset
from registry.models import Model
from registry.stores import store
from tests import factories
from tests.evidence.explained_versions import INPUTS, ROWS, answering_by, drawn, people

WEIGHTS = [1.5, -1.0, 0.0]


@pytest.fixture
def loan(db: None) -> Model:
    factories.personas()
    return factories.model_named()


def quietly(share: float, word: str) -> None:
    """Nobody watches."""


def explained(version: Any, locked: LockedDataset) -> dict[str, Finding]:
    return {each.metric: Finding.from_dict(each.result) for each in explain(version, locked, report=quietly)}


def answer(values: Any) -> Any:
    return 1 / (1 + np.exp(-values @ np.array(WEIGHTS)))


def test_importances_are_those_of_brute_force_shuffling(loan: Model, tmp_path: Path) -> None:
    found = explained(answering_by(loan, WEIGHTS, tmp_path), people())
    assert list(found) == ["log_loss", "auc"]
    values, truth = drawn()
    assert found["log_loss"].value == pytest.approx(log_loss(truth, answer(values)), abs=1e-6)
    assert found["auc"].value == pytest.approx(roc_auc_score(truth, answer(values)), abs=1e-6)
    rng = np.random.default_rng(5)
    for place, name in enumerate(INPUTS[:2]):
        losses, areas = [], []
        for _ in range(200):
            moved = values.copy()
            moved[:, place] = rng.permutation(values[:, place])
            losses.append(log_loss(truth, answer(moved)))
            areas.append(roc_auc_score(truth, answer(moved)))
        expected = {
            "log_loss": np.mean(losses) - found["log_loss"].value,
            "auc": found["auc"].value - np.mean(areas),
        }
        for metric, drop in expected.items():
            told = next(each for each in found[metric].features if each.feature == name)
            # Five shuffles of ours against two hundred: what is left is chance in the shuffling alone.
            assert told.drop == pytest.approx(drop, rel=0.1)
            assert told.low < drop < told.high


def test_an_input_without_a_say_is_worth_nothing_and_comes_last(loan: Model, tmp_path: Path) -> None:
    found = explained(answering_by(loan, WEIGHTS, tmp_path), people())
    for finding in found.values():
        assert [each.feature for each in finding.features] == ["income", "debt", "gender"]
        assert finding.features[-1] == Reliance("gender", 0.0, 0.0, 0.0)


def test_it_is_stored_with_what_it_was_made_by_and_on_the_record(loan: Model, tmp_path: Path) -> None:
    version, locked = answering_by(loan, WEIGHTS, tmp_path), people()
    made = explain(version, locked, report=quietly)
    assert {(each.rows, each.repeats) for each in made} == {(ROWS, 5)}
    event = AuditEvent.objects.get(verb="version.explained")
    assert event.after["log_loss"] == made[0].digest
    assert ExposureEntry.objects.filter(dataset=locked, version=str(version)).count() == 2  # evaluated, explained


def test_it_is_never_computed_twice_not_even_for_a_twin(
    loan: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, locked = answering_by(loan, WEIGHTS, tmp_path), people()
    made = explain(version, locked, report=quietly)
    monkeypatch.setattr(sys.modules["evidence.actions.explain"], "predict", None)
    assert explain(version, locked, report=quietly) == made
    twin = explain(answering_by(loan, WEIGHTS, tmp_path), locked, report=quietly)
    assert [each.digest for each in twin] == [each.digest for each in made]
    assert Importance.objects.count() == 4


def test_of_two_workers_at_once_the_second_gets_what_the_first_stored(
    loan: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, locked = answering_by(loan, WEIGHTS, tmp_path), people()
    made = explain(version, locked, report=quietly)
    module = sys.modules["evidence.actions.explain"]
    looks = iter([[], made])
    monkeypatch.setattr(module, "_stored", lambda evaluation: next(looks))
    monkeypatch.setattr(module, "_of_a_twin", lambda evaluation: [])
    assert explain(version, locked, report=quietly) == made
    assert Importance.objects.count() == 2


def test_few_features_at_a_time_give_the_same(loan: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = people()
    whole = explained(answering_by(loan, WEIGHTS, tmp_path), locked)
    Importance.objects.all().delete()
    shares: list[float] = []
    monkeypatch.setattr(sys.modules["evidence.actions.explain"], "MOST_VALUES", 1)
    made = explain(answering_by(loan, WEIGHTS, tmp_path), locked, report=lambda share, _: shares.append(share))
    assert {each.metric: Finding.from_dict(each.result) for each in made} == whole
    assert shares == sorted(shares)
    assert len(shares) >= 4


def test_formats_that_are_not_run_here_are_told_to_attach_a_report(loan: Model, tmp_path: Path) -> None:
    version, locked = answering_by(loan, WEIGHTS, tmp_path, format="pickle"), people()
    with pytest.raises(EvidenceMissing, match="isn't run here") as missing:
        explain(version, locked, report=quietly)
    assert missing.value.code == "not_executable"
    assert "Attach a report" in str(missing.value)


def test_handed_in_predictions_explain_nothing(loan: Model, tmp_path: Path) -> None:
    version, locked = answering_by(loan, WEIGHTS, tmp_path), people()
    scores = answer(drawn()[0])
    store_evaluation(version, locked, load_rows(locked), scores, provenance=Provenance.SCORED)
    with pytest.raises(EvidenceMissing, match="wasn't run here but scored by predictions"):
        explain(version, locked, report=quietly)


def test_a_few_rows_are_too_few(loan: Model, tmp_path: Path) -> None:
    with pytest.raises(EvidenceMissing, match="40 rows and 3 features leave 40 rows; it takes 50"):
        explain(answering_by(loan, WEIGHTS, tmp_path), people(40), report=quietly)


def test_a_regression_is_explained_by_its_mean_absolute_error(loan: Model, tmp_path: Path) -> None:
    """The model answers a sigmoid, so a target in 0 to 1 serves."""
    values, _ = drawn(200)
    target = answer(values)
    lines = [",".join(["id", *INPUTS, "good"])]
    lines += [f"r{row},{','.join(map(str, each))},{target[row]}" for row, each in enumerate(values)]
    dataset = create_dataset("numbers", actor=factories.persona("sam"))
    declared = Declaration("id", "good", task="regression")
    locked = lock_dataset(dataset, ["\n".join(lines).encode()], declared, actor=factories.persona("sam"))
    found = explained(answering_by(loan, WEIGHTS, tmp_path, task="regression"), locked)
    assert list(found) == ["mae"]
    assert found["mae"].value == pytest.approx(0, abs=1e-6)
    assert found["mae"].features[0].low > 0.1


def test_predictions_that_are_gone_are_said_to_be_so(loan: Model, tmp_path: Path) -> None:
    version, locked = answering_by(loan, WEIGHTS, tmp_path), people()
    store().remove(evaluate(version, locked).predictions_digest)
    with pytest.raises(EvidenceMissing, match="not in the store") as missing:
        explain(version, locked, report=quietly)
    assert missing.value.code == "data_gone"
