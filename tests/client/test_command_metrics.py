"""`assaydesk metrics`: what the pipeline measured itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]
ADDRESS = "/models/loans/versions/3/metrics"


def metrics_file(folder: Path, values: Any) -> Path:
    file = folder / "metrics.json"
    file.write_text(json.dumps(values))
    return file


def test_metrics_are_sent_with_their_dataset(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = {"dataset": "own-test@2", "metric": "auc", "value": 0.87, "reported_by": "dana", "reported_at": "…"}
    server.answer(f"POST {ADDRESS}", [noted], status=201)
    file = metrics_file(tmp_path, {"auc": 0.87})
    assert assaydesk("metrics", "loans", "3", "--dataset", "own-test@2", "--metrics", file) == 0
    assert server.sent("POST", "/metrics")[0].json == {"dataset": "own-test@2", "metrics": {"auc": 0.87}}
    assert capsys.readouterr().out == "auc 0.87 (reported)\n"


def test_what_is_no_number_is_named_before_anything_is_sent(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = metrics_file(tmp_path, {"auc": "high"})
    assert assaydesk("metrics", "loans", "3", "--dataset", "own-test@2", "--metrics", file) != 0
    assert "auc is no number" in capsys.readouterr().err
    assert server.sent("POST", "/metrics") == []
