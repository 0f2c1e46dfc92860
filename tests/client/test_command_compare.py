"""`assaydesk compare` prints Markdown for a pull request, `assaydesk best` the number of a version."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]
PATH = "GET /models/loans/compare"


def value(version: int, figure: float | None, **more: Any) -> dict[str, Any]:
    told = {
        "version": version,
        "value": figure,
        "low": None,
        "high": None,
        "n": 400,
        "reason": "",
        "standing": "",
        "difference": None,
    }
    return told | more


def paired(difference: float, low: float, high: float, verdict: str) -> dict[str, Any]:
    told = {"difference": difference, "low": low, "high": high, "verdict": verdict}
    return told | {"level": 0.95, "method": "paired", "reason": ""}


def answer(**changes: Any) -> dict[str, Any]:
    versions = [
        {"version": 4, "label": "1.0.0", "stage": "Production", "provenance": "executed", "why_not_compared": ""},
        {"version": 5, "label": "1.1|0", "stage": "None", "provenance": "scored", "why_not_compared": ""},
        {"version": 6, "label": "", "stage": "None", "provenance": "", "why_not_compared": "v6 was never measured."},
    ]
    measures = [
        {
            "metric": "recall",
            "title": "Recall",
            "direction": "higher",
            "unit": "share",
            "values": [
                value(4, 0.8, standing="best"),
                value(5, 0.75, difference=paired(-0.05, -0.07, -0.03, "worse")),
                value(6, None),
            ],
        }
    ]
    worse = {"version": 5, "metric": "recall", "column": "region"}
    return {
        "model": "loans",
        "dataset": "held-out@1",
        "rows": 12480,
        "baseline": 4,
        "finding": "1.0.0 is best on 1 of 1 measures.",
        "rule": "",
        "versions": versions,
        "measures": measures,
        "worse_segments": [
            worse | {"segment": segment, "difference": -0.09, "low": -0.12, "high": -0.05}
            for segment in ("[south](http://x)", "")
        ],
        "not_compared_yet": [],
        "waited_for": [],
        "came_to_nothing": [],
        "url": "https://desk.example.org/models/loans/compare/?versions=4,5,6",
    } | changes


def test_compare_prints_a_table_with_differences_intervals_and_verdicts(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, answer())
    assert assaydesk("compare", "loans", "--versions", "4,5,6", "--dataset", "held-out@1", "--markdown") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[4:7] == [
        r"| Measure | 1.0.0, baseline | 1.1\|0 | v6 |",
        "| --- | ---: | ---: | ---: |",
        "| Recall (higher is better) | 80.00% *best* | 75.00%<br>−5.00 pts (−7.00 to −3.00) **worse** | not measured |",
    ]
    assert r"- 1.1\|0 is worse for region \[south\](http://x): Recall −9.00 pts (−12.00 to −5.00)" in lines
    assert r"- 1.1\|0 is worse for region no value: Recall −9.00 pts (−12.00 to −5.00)" in lines
    assert "- v6 was never measured." in lines
    assert "12,480 locked rows" in lines[-1]
    assert lines[-1].endswith("(https://desk.example.org/models/loans/compare/?versions=4,5,6)")
    assert server.calls[0].path.endswith("?versions=4%2C5%2C6&dataset=held-out%401")


def test_compare_says_what_was_not_compared_yet(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer()
    told["measures"][0]["values"][1]["difference"] = None
    server.answer(PATH, told)
    assert assaydesk("compare", "loans", "--versions", "4,5,6") == 0
    assert "75.00%<br>not compared |" in capsys.readouterr().out


def test_a_figure_that_is_not_defined_is_told_from_one_that_nobody_measured(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer()
    told["measures"][0]["values"][1] = value(5, None, reason="only one class among 40 rows")
    server.answer(PATH, told)
    assert assaydesk("compare", "loans", "--versions", "4,5,6") == 0
    assert "| not defined<br>only one class among 40 rows | not measured |" in capsys.readouterr().out


def test_compare_can_ask_a_worker_and_wait(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    pending = answer(not_compared_yet=[[5, 4]], waited_for=[[5, 4]])
    server.answer("POST /models/loans/compare", pending, status=202)
    server.answer(PATH, pending)
    server.answer(PATH, answer())
    options = ("--versions", "4,5", "--dataset", "held-out@1", "--baseline", "4")
    assert assaydesk("compare", "loans", *options, "--ask") == 0
    assert server.calls[0].json == {"versions": [4, 5], "dataset": "held-out@1", "baseline": 4}
    printed = capsys.readouterr()
    assert "1 of 1 comparisons to come from a worker" in printed.err
    assert "75.00%<br>−5.00 pts" in printed.out
    assert [call.method for call in server.calls] == ["POST", "GET", "GET"]


def test_what_came_to_nothing_is_said_and_told_by_the_exit_code(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("POST /models/loans/compare", answer(not_compared_yet=[[5, 4]], waited_for=[[5, 4]]), status=202)
    lost = {"versions": [5, 4], "why": "The rows are gone from the store."}
    server.answer(PATH, answer(not_compared_yet=[[5, 4]], came_to_nothing=[lost]))
    assert assaydesk("compare", "loans", "--versions", "4,5", "--ask") == 1
    assert "version 5 against version 4: The rows are gone from the store." in capsys.readouterr().err


def test_compare_as_json_is_the_whole_answer(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, answer())
    assert assaydesk("--json", "compare", "loans", "--versions", "4,5,6", "--baseline", "4") == 0
    assert json.loads(capsys.readouterr().out) == answer()


def test_versions_that_are_no_numbers_are_wrong_usage(assaydesk: Command, server: ScriptedServer) -> None:
    with pytest.raises(SystemExit) as ended:
        assaydesk("compare", "loans", "--versions", "4,x")
    assert ended.value.code == 2
    assert server.calls == []


def test_best_prints_the_number_alone(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"version": 7, "label": "1.2.0", "metric": "auc", "direction": "higher", "value": 0.9}
    server.answer("GET /models/loans/best", found | {"dataset": "held-out@1"})
    assert assaydesk("best", "loans", "--metric", "auc", "--direction", "higher") == 0
    printed = capsys.readouterr()
    assert printed.out == "7\n"
    assert "version 7 (1.2.0): highest auc 0.9 on held-out@1" in printed.err
    assert server.calls[0].path.endswith("?metric=auc&direction=higher")
