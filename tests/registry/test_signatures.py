"""What breaks the callers of a version: each change alone, in words."""

import json
from typing import Any

import pytest

from registry.models import Version
from registry.signatures import breaking_changes, signature_of

TYPED = [{"name": "age", "type": "float"}, {"name": "region", "type": "string"}]
OUTPUTS = [{"name": "label", "type": "int64"}, {"name": "probabilities", "type": "float"}]


def version(features: list[str] | None = None, task: str = "binary", **stated: Any) -> Version:
    """A version whose signature has inputs and outputs, and whose contract has the rest."""
    signature = {key: value for key, value in stated.items() if key in {"inputs", "outputs"}}
    contract = {key: value for key, value in stated.items() if key not in signature}
    return Version(features=features or ["age", "region"], task=task, signature=signature, contract=contract)


def broken(before: Version, after: Version) -> list[str]:
    return breaking_changes(signature_of(before), signature_of(after))


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (["age", "region"], []),
        (["age"], ["input region removed"]),
        (["age", "district"], ["input region renamed to district"]),
        (["region", "age"], ["inputs reordered"]),
        (["age", "region", "income"], ["required input income added"]),
        (["income", "age"], ["input region removed", "required input income added"]),
        (["income", "region", "age"], ["required input income added", "inputs reordered"]),
    ],
)
def test_inputs_that_move(features: list[str], expected: list[str]) -> None:
    assert broken(version(), version(features)) == expected


def test_an_input_of_another_type_is_named_with_both() -> None:
    retyped = [{"name": "age", "type": "int64"}, TYPED[1]]
    assert broken(version(inputs=TYPED), version(inputs=retyped)) == ["input age changed from float to int64"]


def test_a_type_that_was_stated_and_no_longer_is_breaks() -> None:
    assert broken(version(inputs=TYPED), version()) == [
        "input age changed from float to a type not stated",
        "input region changed from string to a type not stated",
    ]


def test_stating_more_than_before_breaks_nothing() -> None:
    assert broken(version(), version(inputs=TYPED, outputs=OUTPUTS, output="probabilities", positive_class=1)) == []


def test_an_optional_input_breaks_nothing() -> None:
    optional = [*TYPED, {"name": "income", "type": "float", "required": False}]
    assert broken(version(inputs=TYPED), version(inputs=optional)) == []
    features = ["age", "region", "income"]
    assert broken(version(inputs=TYPED), version(features, inputs=optional)) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"outputs": OUTPUTS[1:]}, ["outputs changed from label, probabilities to probabilities"]),
        ({"outputs": []}, ["outputs changed from label, probabilities to outputs not stated"]),
        (
            {"outputs": [OUTPUTS[0], {"name": "probabilities", "type": "double"}]},
            ["output probabilities changed from float to double"],
        ),
        ({"output": "score", "outputs": OUTPUTS}, ["output changed from probabilities to score"]),
        ({"positive_class": 0, "outputs": OUTPUTS}, ["positive class changed from 1 to 0"]),
        ({"classes": ["b", "a"], "outputs": OUTPUTS}, ['classes changed from ["a", "b"] to ["b", "a"]']),
        ({"task": "regression", "outputs": OUTPUTS}, ["task changed from binary to regression"]),
    ],
)
def test_a_changed_answer(after: dict[str, Any], expected: list[str]) -> None:
    stated: dict[str, Any] = {"output": "probabilities", "positive_class": 1, "classes": ["a", "b"]}
    assert broken(version(outputs=OUTPUTS, **stated), version(**{**stated, **after})) == expected


def test_mlflow_s_json_text_says_the_same_as_a_list() -> None:
    assert (
        broken(version(inputs=TYPED, outputs=OUTPUTS), version(inputs=json.dumps(TYPED), outputs=json.dumps(OUTPUTS)))
        == []
    )
    tensors = [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]
    wider = [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]
    assert broken(version(inputs=json.dumps(tensors)), version(inputs=json.dumps(tensors))) == []
    assert len(broken(version(inputs=json.dumps(tensors)), version(inputs=json.dumps(wider)))) == 1


@pytest.mark.parametrize("odd", [None, 7, "not json", {"a": 1}, [1, None, "x"], [{"no": "name"}], [[]]])
def test_a_signature_of_another_shape_states_nothing_and_breaks_nothing(odd: Any) -> None:
    assert broken(version(inputs=odd, outputs=odd), version(inputs=odd, outputs=odd)) == []
