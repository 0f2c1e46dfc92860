"""`assaydesk card` without a file: the card as it is stored, to look at or to the byte."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]
CARD = "---\nlicense: mit\n---\r\n# Kredit – «Wien»\n"


@pytest.fixture
def stored(server: ScriptedServer) -> ScriptedServer:
    server.answer("GET /models/loans/versions/3/card", CARD.encode(), kind="text/markdown; charset=utf-8")
    return server


def test_a_card_is_printed(assaydesk: Command, stored: ScriptedServer, capsys: Any) -> None:
    assert assaydesk("card", "loans", 3) == 0
    assert "# Kredit – «Wien»" in capsys.readouterr().out
    assert stored.calls[0].path == "/api/v1/models/loans/versions/3/card"


def test_a_card_is_written_to_the_byte_in_the_form_asked_for(
    assaydesk: Command, stored: ScriptedServer, tmp_path: Path
) -> None:
    assert assaydesk("card", "loans", 3, "--huggingface", "--output", tmp_path / "README.md") == 0
    assert (tmp_path / "README.md").read_bytes() == CARD.encode()
    assert stored.calls[0].path.endswith("/card?format=huggingface")


def test_a_card_that_is_added_is_not_printed_too(assaydesk: Command, server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# Card")
    assert assaydesk("card", "loans", 3, tmp_path / "card.md", "--huggingface") == 2
    assert server.calls == []
