"""Comparisons are stored once and rest on the stored predictions of both."""

import hashlib
import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from evidence.actions import compare_evaluations, lock_dataset
from evidence.actions.evaluate import store_evaluation
from evidence.comparison import Comparison as Compared
from evidence.labels import Declaration
from evidence.loading import load_rows, load_scores
from evidence.models import Comparison, Provenance
from registry.actions import create_dataset
from tests.factories import evidence_of, holdout, model_named, persona, version_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sides():
    """Candidate and baseline, each with a decision threshold of its own."""
    model = model_named()
    candidate = evidence_of(version_of(model, decision_threshold=0.6), strength=0.5, seed=1)
    baseline = evidence_of(version_of(model, decision_threshold=0.4), strength=0.3, seed=2)
    return candidate, baseline


def test_a_comparison_is_computed_once(sides, monkeypatch):
    first = compare_evaluations(*sides)
    monkeypatch.setattr("evidence.actions.compare.locked_rows", lambda _: 1 / 0)
    assert compare_evaluations(*sides) == first
    assert Comparison.objects.count() == 1


def test_a_comparison_has_a_direction(sides):
    candidate, baseline = sides
    there = Compared.from_dict(compare_evaluations(candidate, baseline).result)
    back = Compared.from_dict(compare_evaluations(baseline, candidate).result)
    for one, other in zip(there.measures, back.measures, strict=True):
        assert one.difference == pytest.approx(-other.difference)
    assert (there.decisions["fixed"], there.decisions["broken"]) == (
        back.decisions["broken"],
        back.decisions["fixed"],
    )


def test_what_is_stored_reads_back_as_it_was_compared(sides):
    stored = Comparison.objects.get(pk=compare_evaluations(*sides).pk)
    whole = stored.result | stored.by_segment
    assert Compared.from_dict(whole).to_dict() == whole
    assert stored.digest == hashlib.sha256(json.dumps(stored.result, sort_keys=True).encode()).hexdigest()


def test_differences_are_those_of_the_stored_predictions_at_each_ones_threshold(sides):
    candidate, baseline = sides
    truth = load_rows(holdout()).truth
    after, before = load_scores(candidate), load_scores(baseline)
    compared = Compared.from_dict(compare_evaluations(candidate, baseline).result)
    by_metric = {difference.metric: difference.difference for difference in compared.measures}
    assert by_metric["auc"] == pytest.approx(roc_auc_score(truth, after) - roc_auc_score(truth, before))
    expected = accuracy_score(truth, after >= 0.6) - accuracy_score(truth, before >= 0.4)
    assert by_metric["accuracy"] == pytest.approx(expected)


def test_rows_are_counted_by_whose_decision_was_right(sides):
    candidate, baseline = sides
    truth = load_rows(holdout()).truth
    is_right = (load_scores(candidate) >= 0.6) == truth
    was_right = (load_scores(baseline) >= 0.4) == truth
    compared = Compared.from_dict(compare_evaluations(candidate, baseline).result)
    assert compared.decisions == {
        "both_right": int(np.sum(is_right & was_right)),
        "fixed": int(np.sum(is_right & ~was_right)),
        "broken": int(np.sum(~is_right & was_right)),
        "both_wrong": int(np.sum(~is_right & ~was_right)),
    }
    assert sum(compared.decisions.values()) == compared.n == 400


def test_segments_are_compared_by_the_locked_columns(sides):
    compared = Compared.from_dict(compare_evaluations(*sides).result)
    assert {(segment.column, segment.value) for segment in compared.segments} == {
        ("region", "north"),
        ("region", "south"),
    }


def test_evaluations_on_different_data_are_not_compared(sides):
    other = create_dataset("other", actor=persona("sam"))
    content = b"id,amount,approved\na,1,yes\nb,2,no"
    locked = lock_dataset(other, [content], Declaration("id", "approved", "yes"), actor=persona("sam"))
    rows = load_rows(locked)
    elsewhere = store_evaluation(
        sides[0].version, locked, rows, np.array([0.9, 0.1]), provenance=Provenance.SCORED, actor=persona("dana")
    )
    with pytest.raises(ValueError, match="different datasets"):
        compare_evaluations(elsewhere, sides[1])
    assert not Comparison.objects.exists()
