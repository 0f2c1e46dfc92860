from collections.abc import Callable

import pytest

from tests.client.recorded import gate, promotion, slot
from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]


def test_review_without_verdict_only_shows(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /promotions/7", promotion("in_review", gates=[gate("integrity", "passed")]))
    assert assaydesk("review", 7) == 0
    shown = capsys.readouterr().out
    assert "seal seal-one" in shown
    assert "Integrity (integrity)" in shown
    assert "[ ] cost (risk): Cost is known" in shown
    assert "[x sam] timing" in shown
    assert "model (Model, 1 reviewer): filled by riley" in shown
    assert "risk (Risk, 1 reviewer): open" in shown
    assert [call.method for call in server.calls] == ["GET"]


APPROVE = ("review", 7, "--verdict", "approve", "--comment", "read it all")


def test_review_seals_what_it_has_just_shown(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer("GET /promotions/7", promotion("in_review"))
    server.answer("POST /promotions/7/reviews", promotion("completed"))
    assert assaydesk(*APPROVE, "--tick", "all", "--slot", "risk") == 0
    assert server.sent("POST", "/reviews")[0].json == {
        "verdict": "approve",
        "comment": "read it all",
        "seal": "seal-one",
        "slot": "risk",
        "ticks": ["cost"],
    }


def test_tick_all_means_the_items_of_the_only_slot_still_open(assaydesk: Command, server: ScriptedServer) -> None:
    items = [
        {"item": key, "text": key, "slot": of, "ticked_by": "", "at": None}
        for key, of in (("cost", "risk"), ("keeper", "model"), ("anybody", ""))
    ]
    server.answer("GET /promotions/7", promotion("in_review", checklist=items))
    server.answer("POST /promotions/7/reviews", promotion("completed"))
    assert assaydesk(*APPROVE, "--tick", "all") == 0
    assert server.sent("POST", "/reviews")[0].json["ticks"] == ["cost", "anybody"]


def test_tick_all_asks_for_the_slot_when_several_are_open(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /promotions/7", promotion("in_review", slots=[slot("model"), slot("risk")]))
    assert assaydesk(*APPROVE, "--tick", "all") == 2
    assert "--slot model|risk" in capsys.readouterr().err
    assert server.sent("POST", "/reviews") == []


def test_open_items_and_gates_are_named_by_the_keys_that_options_take(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /promotions/7", promotion("in_review"))
    path, detail = "POST /promotions/7/reviews", "Not approved yet."
    server.refuse(path, 422, "checklist_open", detail, "Tick the 2 open items.", open_items=["cost", "keeper"])
    server.refuse(path, 422, "not_acknowledged", detail, "Acknowledge it.", gates=["auc-kept"])
    assert assaydesk(*APPROVE) == 1
    assert "open items: cost, keeper" in capsys.readouterr().err
    assert assaydesk(*APPROVE) == 1
    told = capsys.readouterr().err
    assert "gates: auc-kept" in told
    assert '--acknowledge "auc-kept=reason"' in told


def test_review_with_an_older_seal_sends_that_one_and_shows_what_moved(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /promotions/7", promotion("in_review"))
    server.refuse("POST /promotions/7/reviews", 409, "promotion_moved", "It moved.", moved=["Card"])
    assert assaydesk(*APPROVE, "--seal", "seal-zero") == 1
    assert server.sent("POST", "/reviews")[0].json["seal"] == "seal-zero"
    assert "changed meanwhile: Card" in capsys.readouterr().err


def test_review_acknowledges_inconclusive_gates_first(assaydesk: Command, server: ScriptedServer) -> None:
    unsure = gate("no_regression", "inconclusive", digest="as-read")
    server.answer("GET /promotions/7", promotion("in_review", gates=[unsure]))
    server.answer("POST /promotions/7/gates/no_regression/acknowledge", promotion("in_review"))
    server.answer("POST /promotions/7/reviews", promotion("completed"))
    assert assaydesk(*APPROVE, "--acknowledge", "no_regression=few rows, small risk") == 0
    writes = [call for call in server.calls if call.method == "POST"]
    assert writes[0].json == {"reason": "few rows, small risk", "digest": "as-read"}
    assert writes[1].path.endswith("/reviews")


def test_unknown_checklist_item_is_refused_with_the_known_ones(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /promotions/7", promotion("in_review"))
    assert assaydesk(*APPROVE, "--tick", "costs") == 2
    assert "It has: cost, timing." in capsys.readouterr().err
    assert server.sent("POST", "/reviews") == []
