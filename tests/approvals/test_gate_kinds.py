"""What holds for every kind of gate, so that the next one can't be half done."""

import ast
import inspect
from pathlib import Path

import pytest

from approvals.gates import GATES, Gate
from dashboard.pages.gate_wording import _ASKS, gate_kinds

ROOT = Path(__file__).parent.parent.parent
WRITING = {"save", "create", "update", "delete", "bulk_create", "get_or_create", "update_or_create", "keep", "enqueue"}
every_gate = pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))


@every_gate
def test_people_who_write_policies_are_told_what_it_asks_and_what_each_parameter_means(gate: Gate) -> None:
    assert gate.help[0].isupper()
    assert gate.help.rstrip()[-1] in ".?"
    for parameter in gate.parameters_help():
        assert parameter.meaning, parameter.name
        assert parameter.type


@every_gate
def test_it_lives_in_a_file_of_its_kind_with_a_test_beside_its_name(gate: Gate) -> None:
    assert Path(inspect.getfile(type(gate))).stem == gate.kind
    assert (ROOT / "tests" / "approvals" / f"test_gates_{gate.kind}.py").is_file()


@every_gate
def test_it_reads_and_never_writes(gate: Gate) -> None:
    tree = ast.parse(inspect.getsource(inspect.getmodule(type(gate))))  # type: ignore[arg-type]
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    assert called & WRITING == set()


@every_gate
def test_it_is_in_the_help_and_told_in_words_on_pages(gate: Gate) -> None:
    assert f"`{gate.kind}`" in (ROOT / "docs/policies.md").read_text()
    assert gate.kind in _ASKS


@every_gate
def test_an_unknown_parameter_is_refused_by_name(gate: Gate) -> None:
    with pytest.raises(ValueError, match="unknown parameter surely_not"):
        gate.read_parameters({"surely_not": 1})


def test_parameters_are_told_with_type_and_default() -> None:
    told = {kind.kind: {one.name: one for one in kind.parameters} for kind in gate_kinds()}
    ceiling = told["artifact_size"]["at_most_bytes"]
    assert (ceiling.type, ceiling.default) == ("a whole number or text", "")
    rows = told["segment_floor"]["least_rows"]
    assert (rows.type, rows.default) == ("a whole number", "30")
    assert told["metric_threshold"]["at_least"].default == "none"
    assert told["card_complete"]["sections"].default == "Intended use, Training data, Evaluation, Limitations"
