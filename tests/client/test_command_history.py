"""`assaydesk history`: what was live when, on all pages of it, or at one moment."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]
PATH = "GET /models/loans/history"


def term(version: int, **changes: Any) -> dict[str, Any]:
    return {
        "version": version,
        "label": "",
        "since": "2026-03-01T10:00:00Z",
        "until": "2026-04-01T10:00:00Z",
        "by": "sam",
        "because": "promotion 4",
        "ended_how": "replaced",
        "ended_because": f"replaced by v{version + 1}, promotion 6",
    } | changes


def listing(*terms: dict[str, Any], next_cursor: str | None = None) -> dict[str, Any]:
    return {"items": list(terms), "next_cursor": next_cursor}


def test_history_has_a_line_for_each_stay_in_production_over_all_pages(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    now = term(2, label="1.1.0", since="2026-04-01T10:00:00Z", until=None, because="promotion 6", ended_because="")
    server.answer(PATH, listing(now, next_cursor="9"))
    server.answer(PATH, listing(term(1)))
    assert assaydesk("history", "loans") == 0
    assert capsys.readouterr().out.splitlines() == [
        "version 2 (1.1.0): from 2026-04-01T10:00:00Z, promotion 6 by sam, and live now",
        "version 1: from 2026-03-01T10:00:00Z, promotion 4 by sam, to 2026-04-01T10:00:00Z, "
        "replaced by v2, promotion 6",
    ]
    assert [call.path.partition("?")[2] for call in server.calls] == ["", "cursor=9"]


def test_history_at_a_moment_asks_for_it_with_its_offset(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, listing(term(1)))
    assert assaydesk("history", "loans", "--at", "2026-03-01T12:00:00+02:00") == 0
    assert server.calls[0].path.endswith("?at=2026-03-01T12%3A00%3A00%2B02%3A00")
    assert capsys.readouterr().out.startswith("version 1: from 2026-03-01T10:00:00Z")


def test_history_of_what_was_never_live_says_so(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, listing())
    assert assaydesk("history", "loans") == 0
    assert capsys.readouterr().out == "Nothing of loans was live.\n"


def test_a_moment_that_is_none_is_refused_by_the_server(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuse(PATH, 422, "malformed", "at: Input should have timezone info")
    assert assaydesk("history", "loans", "--at", "2026-03-01T12:00:00") == 1
    assert "timezone" in capsys.readouterr().err
