"""`assaydesk impact` lists what was built on something, for a person and for a program."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]


def answer(**changes: Any) -> dict[str, Any]:
    line = {"label": "", "named": True, "inherited": False, "evaluated_on": False, "url": ""}
    versions = [
        {**line, "model": "loans", "version": 4, "stage": "Production"},
        {**line, "model": "fares", "version": 1, "stage": "None"},
    ]
    return {
        "kind": "dataset",
        "thing": "raw@1",
        "models": ["fares", "loans"],
        "versions": versions,
        "more_versions": False,
        "hidden": 0,
        "promotions": [],
        "more_promotions": False,
        "policies": [],
        "defect": None,
    } | changes


def test_impact_lists_versions_in_the_order_told(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /impact", answer())
    assert assaydesk("impact", "--dataset", "raw@1") == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("loans 4 Production\nfares 1 None\n", "")
    assert server.calls[0].path.endswith("/impact?dataset=raw%401")


def test_what_the_list_leaves_out_is_said_beside_it(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    defect = {"reported_by": "sam", "reason": "Doubled rows."}
    server.answer("GET /impact", answer(defect=defect, hidden=3, more_versions=True))
    assert assaydesk("impact", "--commit", "c" * 40) == 0
    printed = capsys.readouterr()
    assert printed.out == "loans 4 Production\nfares 1 None\n"
    for said in ("sam reports a bug in it: Doubled rows.", "more than these 2 versions", "3 versions of models"):
        assert said in printed.err


def test_impact_as_json_is_the_whole_answer(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /impact", answer())
    assert assaydesk("--json", "impact", "--feature", "income") == 0
    assert json.loads(capsys.readouterr().out) == answer()


@pytest.mark.parametrize("options", [(), ("--dataset", "raw@1", "--base", "loans@1")])
def test_one_thing_is_asked_about(assaydesk: Command, server: ScriptedServer, options: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        assaydesk("impact", *options)
    assert ended.value.code == 2
    assert server.calls == []
