"""A contract says how a version is fed and read; what can't be right is refused by name when it is registered."""

import pytest

from accounts.reasons import Invalid
from registry.actions import NewVersion, register_version
from registry.models import Task, Version
from tests.factories import model_named, persona

pytestmark = pytest.mark.django_db
DIGITS = {"classes": ["0", "1", "2"]}


def registered(**said):
    new = NewVersion(**{"format": "onnx", "features": ["a", "b"], **said})
    return register_version(model_named(), new, actor=persona("dana"))


@pytest.mark.parametrize(
    ("task", "contract"),
    [
        ("binary", {}),
        ("binary", {"inputs": "X", "output": "probabilities", "positive_class": 0}),
        ("regression", {"inputs": ["in_a", "in_b"], "output": "fare"}),
        ("multiclass", DIGITS | {"output": "label"}),
    ],
)
def test_a_contract_that_goes_with_its_task_is_kept(task, contract):
    assert registered(task=task, contract=contract).contract == contract


@pytest.mark.parametrize(
    ("task", "contract", "said"),
    [
        ("binary", {"outputs": "p"}, "unknown key outputs"),
        ("binary", {"inputs": ["a"]}, "names 1 inputs for 2 features"),
        ("binary", {"inputs": ["a", "a"]}, "neither a name nor a list of different names"),
        ("binary", {"inputs": 3}, "neither a name nor a list"),
        ("binary", {"output": ""}, "output that is no name"),
        ("binary", {"positive_class": 2}, "positive_class 2"),
        ("binary", {"positive_class": True}, "positive_class True"),
        ("binary", DIGITS, "classes, which a binary model has not"),
        ("regression", {"positive_class": 1}, "positive_class, which a regression model has not"),
        ("regression", DIGITS, "classes, which a regression model has not"),
        ("multiclass", {}, "of a multiclass model needs classes"),
        ("multiclass", {"classes": ["0", "0"]}, "no list of different labels"),
        ("multiclass", {"classes": [0, 1]}, "no list of different labels"),
        ("multiclass", {"classes": ["0"]}, "has 1 classes"),
        ("multiclass", {"classes": [str(label) for label in range(101)]}, "has 101 classes"),
    ],
)
def test_a_contract_that_can_not_be_right_is_refused_by_name(task, contract, said):
    with pytest.raises(Invalid, match=said) as refused:
        registered(task=task, contract=contract)
    assert refused.value.reason.code == "bad_contract"
    assert refused.value.reason.remedy
    assert not Version.objects.exists()


def test_only_binary_versions_decide_at_a_threshold():
    assert registered().decision_threshold == 0.5
    assert registered(decision_threshold=0.0).decision_threshold == 0.0
    assert registered(task=Task.REGRESSION).decision_threshold is None
    for task, contract in (("regression", {}), ("multiclass", DIGITS)):
        with pytest.raises(Invalid, match=f"A {task} model decides by no threshold"):
            registered(task=task, contract=contract, decision_threshold=0.5)


def test_an_unknown_task_is_refused_with_the_known_ones():
    with pytest.raises(Invalid, match="binary, multiclass, regression"):
        registered(task="ranking")
