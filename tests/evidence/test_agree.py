"""Agreement of two versions is stored once, and rests on the stored predictions of both."""

from typing import Any

import numpy as np
import pytest

from evidence import agreement
from evidence.actions import EvidenceMissing, agree_evaluations
from evidence.agreement import Agreement as Agreed
from evidence.models import Agreement, Evaluation
from registry.models import Model
from tests import factories
from tests.approvals.sampled_versions import on, on_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Model:
    factories.personas()
    return factories.model_named("loan")


def sides(model: Model, **facts: Any) -> tuple[Evaluation, Evaluation]:
    """A candidate that decides 3 of 8 rows otherwise than the baseline does."""
    candidate, baseline = factories.version_of(model, **facts), factories.version_of(model, **facts)
    was = [0.1, 0.9] * 4
    return on_sample(candidate, [0.9, 0.1, 0.9, *was[3:]]), on_sample(baseline, was)


def test_it_is_computed_once(loan: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate, baseline = sides(loan)
    first = agree_evaluations(candidate, baseline)
    monkeypatch.setattr("evidence.actions.agree.agree", lambda *_, **__: 1 / 0)
    assert agree_evaluations(candidate, baseline) == first
    assert Agreement.objects.count() == 1


def test_of_two_workers_the_first_one_s_stays(loan: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate, baseline = sides(loan)

    def overtaken(*given: Any, **told: Any) -> Agreed:
        Agreement.objects.create(candidate=candidate, baseline=baseline, result={"from": "another"}, digest="0" * 64)
        return agreement.agree(*given, **told)

    monkeypatch.setattr("evidence.actions.agree.agree", overtaken)
    assert agree_evaluations(candidate, baseline).result == {"from": "another"}
    assert Agreement.objects.count() == 1


def test_what_is_stored_reads_back_and_tells_candidate_from_baseline(loan: Model) -> None:
    candidate, baseline = sides(loan)
    stored = Agreement.objects.get(pk=agree_evaluations(candidate, baseline).pk)
    found = Agreed.from_dict(stored.result)
    assert found.alike is not None
    assert found.alike.value == pytest.approx(5 / 8)
    assert [(move.before, move.after, move.n) for move in found.moves] == [("no", "yes", 2), ("yes", "no", 1)]
    assert len(stored.digest) == 64


def test_each_decides_at_its_own_threshold(loan: Model) -> None:
    low, high = (factories.version_of(loan, decision_threshold=at) for at in (0.2, 0.8))
    scores = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    found = Agreed.from_dict(agree_evaluations(on_sample(low, scores), on_sample(high, scores)).result)
    assert found.alike is not None
    assert found.alike.value == pytest.approx(2 / 5)


def test_versions_on_different_data_are_not_set_side_by_side(loan: Model) -> None:
    candidate = sides(loan)[0]
    elsewhere = on(factories.holdout(), factories.version_of(loan), [0.1, 0.9] * 200)
    with pytest.raises(ValueError, match="different datasets"):
        agree_evaluations(candidate, elsewhere)


def test_classes_in_another_order_are_the_same_classes(loan: Model) -> None:
    several = {"task": "multiclass", "format": "pickle"}
    one = factories.version_of(loan, contract={"classes": ["cat", "dog"]}, **several)
    other = factories.version_of(loan, contract={"classes": ["dog", "cat"]}, **several)
    found = agree_evaluations(on_sample(one, [0, 1, 1]), on_sample(other, [0, 1, 0]))
    assert Agreed.from_dict(found.result).moves == [agreement.Move("cat", "dog", 1)]


def test_other_classes_are_refused_by_name(loan: Model) -> None:
    several = {"task": "multiclass", "format": "pickle"}
    one = factories.version_of(loan, contract={"classes": ["cat", "dog"]}, **several)
    other = factories.version_of(loan, contract={"classes": ["cat", "cow"]}, **several)
    candidate, baseline = on_sample(one, [0, 1, 1]), on_sample(other, [0, 1, 0])
    with pytest.raises(EvidenceMissing, match="loan v1 tells cat, dog apart, and loan v2 cat, cow"):
        agree_evaluations(candidate, baseline)
