"""How worn locked data are: the formula against chance itself, and what counts."""

import numpy as np
import pytest

from evidence.actions.evaluate import EVALUATOR
from evidence.exposure import Wear, best_of_equals, versions_that_wear_out, wear, wear_of
from evidence.models import Evaluation, ExposureEntry
from tests import factories
from tests.approvals.sampled_versions import on_sample


@pytest.mark.parametrize("versions", [2, 5, 26, 100])
def test_the_best_of_equals_is_as_lucky_as_in_a_simulation(versions: int) -> None:
    rounds = 100_000
    largest = np.random.default_rng(3).standard_normal((rounds, versions)).max(axis=1)
    assert best_of_equals(versions) == pytest.approx(largest.mean(), abs=4 * largest.std() / rounds**0.5)


def test_two_equals_are_apart_by_what_can_be_worked_out_by_hand() -> None:
    assert best_of_equals(2) == pytest.approx(1 / np.sqrt(np.pi), abs=1e-9)
    assert best_of_equals(3) == pytest.approx(1.5 / np.sqrt(np.pi), abs=1e-9)
    assert best_of_equals(0) == best_of_equals(1) == 0.0


def test_a_dataset_is_worn_once_luck_alone_passes_a_95_percent_interval() -> None:
    limit = versions_that_wear_out()
    assert limit == 25
    assert Wear(limit).is_worn
    assert not Wear(limit - 1).is_worn


@pytest.mark.django_db
def test_each_version_counts_once_however_often_it_was_measured() -> None:
    factories.personas()
    locked = factories.holdout()
    model = factories.model_named()
    assert wear(locked) == Wear(0, 0)
    first, _ = (factories.evidence_of(factories.version_of(model), seed=seed) for seed in (1, 2))
    again = Evaluation.objects.get(pk=first.pk)
    again.pk, again.evaluator = None, f"{EVALUATOR}+"
    again.save()
    for what in ("rows", "rows", "inputs"):
        ExposureEntry.objects.create(dataset=locked, what=what, who="riley")
    assert wear(locked) == Wear(versions_judged=2, rows_shown=2)
    assert wear_of([]) == {}


@pytest.mark.django_db
def test_nothing_is_judged_on_rows_without_labels_so_they_wear_by_looks_only() -> None:
    factories.personas()
    model = factories.model_named()
    first, _ = (on_sample(factories.version_of(model), [0.2, 0.9] * 20) for _ in range(2))
    ExposureEntry.objects.create(dataset=first.dataset, what="rows", who="riley")
    assert wear(first.dataset) == Wear(versions_judged=0, rows_shown=1)
