"""The command speaks of tasks and contracts as the API does."""

import json
from pathlib import Path

import pytest

from tests.client.scripted_server import ScriptedServer
from tests.client.test_command import Command

LOCKED = {"dataset": "h", "version": 1, "locked": True}


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_a_target_without_a_positive_value_is_locked_for_its_task(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path, task: str
) -> None:
    (tmp_path / "h.csv").write_text("id,y\n1,0\n")
    server.answer("POST /datasets/h/versions", LOCKED, status=201)
    assert assaydesk("dataset", "lock", "h", tmp_path / "h.csv", "--id", "id", "--target", "y", "--task", task) == 0
    assert server.calls[0].path.partition("?")[2] == f"id=id&target=y&task={task}"


def test_a_binary_target_without_a_positive_value_never_reaches_the_server(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h.csv").write_text("id,y\n1,0\n")
    assert assaydesk("dataset", "lock", "h", tmp_path / "h.csv", "--id", "id", "--target", "y") == 2
    assert "--positive" in capsys.readouterr().err
    assert server.calls == []


def test_task_and_contract_go_over_what_the_metadata_say(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"model")
    (tmp_path / "version.json").write_text(json.dumps({"format": "onnx", "features": ["a"], "task": "binary"}))
    (tmp_path / "contract.toml").write_text('output = "fare"\n')
    version = {"model": "fares", "version": 1}
    server.answer("POST /models/fares/versions", version, status=201)
    server.answer("PUT /models/fares/versions/1/artifacts/model.onnx", {"path": "model.onnx"}, status=201)
    server.answer("POST /models/fares/versions/1/finalize", {**version, "promotions": []})
    said = ("--task", "regression", "--contract", tmp_path / "contract.toml")
    files = ("--metadata", tmp_path / "version.json", "--artifact", tmp_path / "model.onnx")
    assert assaydesk("register", "fares", *files, *said) == 0
    sent = server.calls[0].json
    assert (sent["task"], sent["contract"]) == ("regression", {"output": "fare"})
