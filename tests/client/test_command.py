import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assaydesk_client.command import main
from tests.client.recorded import MODEL, gate, production, promotion, version
from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]
CLIENT = Path(__file__).parents[2] / "client"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(b"onnx bytes")
    (tmp_path / "version.toml").write_text('task = "binary"\nformat = "onnx"\nfeatures = ["a"]\n')
    (tmp_path / "card.md").write_text("---\nlicense: mit\n---\n# Loans\n")
    return tmp_path


@pytest.fixture
def registry(server: ScriptedServer) -> ScriptedServer:
    """Answers all that registering asks."""
    server.answer("GET /models/loans", MODEL)
    server.answer("POST /models/loans/versions", version(), status=201)
    server.answer("PUT /models/loans/versions/3/artifacts/model.onnx", {"path": "model.onnx"}, status=201)
    card = {"revision": 1, "digest": "d", "sections_present": [], "sections_missing": ["Limitations"]}
    server.answer("PUT /models/loans/versions/3/card", card)
    server.answer("POST /models/loans/versions/3/finalize", version(finalised=True, promotions=[7]))
    server.answer("GET /promotions/7", promotion(to_stage="Staging"))
    server.answer("POST /models/loans/versions/3/promotions", promotion(id=8), status=201)
    return server


def registering(files: Path, *more: str) -> list[Any]:
    metadata, artifact = files / "version.toml", files / "model.onnx"
    return ["register", "loans", "--metadata", metadata, "--artifact", artifact, *more]


def test_register_sends_metadata_files_and_card_then_finalises(
    assaydesk: Command, registry: ScriptedServer, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assaydesk(*registering(files, "--card", str(files / "card.md"), "--label", "1.2.0")) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0] == "loans 3"
    assert "promotion 7: loans 3 to Staging" in shown.out
    assert "missing: Limitations" in shown.err
    assert registry.sent("POST", "/versions")[0].json == {
        "task": "binary",
        "format": "onnx",
        "features": ["a"],
        "label": "1.2.0",
    }
    order = [f"{call.method} {call.path.rsplit('/', 1)[1]}" for call in registry.calls]
    assert order == ["POST versions", "PUT model.onnx", "PUT card", "POST finalize", "GET 7"]


def test_register_reads_json_metadata_too(assaydesk: Command, registry: ScriptedServer, files: Path) -> None:
    (files / "version.json").write_text('{"task": "binary"}')
    artifact = files / "model.onnx"
    assert assaydesk("register", "loans", "--metadata", files / "version.json", "--artifact", artifact) == 0
    assert registry.sent("POST", "/versions")[0].json == {"task": "binary"}


def test_register_creates_the_model_only_when_it_is_absent(
    assaydesk: Command, registry: ScriptedServer, files: Path
) -> None:
    registry.answers.pop(("GET", "/api/v1/models/loans"))
    registry.refuse("GET /models/loans", 404, "not_found", "There is no model called loans.")
    registry.answer("POST /models", MODEL, status=201)
    assert assaydesk(*registering(files, "--create", "--risk-tier", "high")) == 0
    assert registry.sent("POST", "/models")[0].json == {"name": "loans", "risk_tier": "high"}


def test_register_leaves_an_existing_model_alone(assaydesk: Command, registry: ScriptedServer, files: Path) -> None:
    assert assaydesk(*registering(files, "--create")) == 0
    assert registry.sent("POST", "/models") == []


def test_register_opens_a_promotion_that_the_policy_did_not_open(
    assaydesk: Command, registry: ScriptedServer, files: Path
) -> None:
    assert assaydesk(*registering(files, "--promote", "Production", "--reason", "better")) == 0
    opened = registry.sent("POST", "/promotions")
    assert [call.json for call in opened] == [{"to": "Production", "reason": "better"}]


def test_register_does_not_open_again_what_the_policy_opened(
    assaydesk: Command, registry: ScriptedServer, files: Path
) -> None:
    assert assaydesk(*registering(files, "--promote", "Staging", "--reason", "better")) == 0
    assert registry.sent("POST", "/promotions") == []


def test_register_that_breaks_off_says_what_is_left_behind(
    assaydesk: Command, server: ScriptedServer, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("POST /models/loans/versions", version(), status=201)
    path = "PUT /models/loans/versions/3/artifacts/model.onnx"
    server.refuse(path, 413, "too_large", "model.onnx is larger than 2 GB.", "Ask for a higher limit.")
    assert assaydesk(*registering(files)) == 1
    shown = capsys.readouterr().err
    assert "loans 3 was registered but is not finalised" in shown
    assert "model.onnx is larger than 2 GB." in shown
    assert "Ask for a higher limit." in shown


@pytest.mark.parametrize(
    "mistake",
    [
        (lambda f: (f / "version.toml").write_text("task = "), "can't be understood"),
        (lambda f: (f / "version.toml").write_bytes(b"\xff\xfe"), "not UTF-8"),
        (lambda f: (f / "version.toml").unlink(), "version.toml can't be read"),
        (lambda f: (f / "model.onnx").unlink(), "model.onnx is no file"),
    ],
)
def test_register_finds_wrong_files_before_the_server_hears_of_them(
    assaydesk: Command,
    server: ScriptedServer,
    files: Path,
    capsys: pytest.CaptureFixture[str],
    mistake: tuple[Callable[[Path], Any], str],
) -> None:
    spoil, words = mistake
    spoil(files)
    assert assaydesk(*registering(files)) == 2
    assert words in capsys.readouterr().err
    assert server.calls == []


def test_two_artifacts_of_one_name_are_refused(
    assaydesk: Command, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "other").mkdir()
    (files / "other" / "model.onnx").write_bytes(b"another")
    assert assaydesk(*registering(files, "--artifact", str(files / "other" / "model.onnx"))) == 2
    assert "Two artifacts are called model.onnx" in capsys.readouterr().err


def test_json_prints_the_whole_answer_and_nothing_else(
    assaydesk: Command, registry: ScriptedServer, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assaydesk("--json", *registering(files)) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["version"]["version"] == 3
    assert answer["promotions"][0]["id"] == 7


PROMOTE = ("promote", "loans", 3, "--to", "Production", "--reason", "ranks better")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("completed", 0),
        ("blocked", 1),
        ("rejected", 1),
        ("withdrawn", 1),
        ("expired", 1),
        ("superseded", 1),
        ("changes_requested", 1),
    ],
)
def test_promote_and_wait_tells_the_decision_by_exit_code(
    assaydesk: Command, server: ScriptedServer, state: str, code: int
) -> None:
    server.answer("POST /models/loans/versions/3/promotions", promotion(), status=201)
    server.answer("GET /promotions/7", promotion("checking"))
    server.answer("GET /promotions/7", promotion(state))
    assert assaydesk(*PROMOTE, "--wait") == code


def test_promote_until_in_review_is_content_with_review(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer("POST /models/loans/versions/3/promotions", promotion(), status=201)
    server.answer("GET /promotions/7", promotion("in_review"))
    assert assaydesk(*PROMOTE, "--wait", "--until", "in-review") == 0


def test_promote_that_nobody_decides_times_out(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("POST /models/loans/versions/3/promotions", promotion(), status=201)
    server.answer("GET /promotions/7", promotion("in_review"))
    assert assaydesk(*PROMOTE, "--wait", "--timeout", "0") == 5
    assert "still In review" in capsys.readouterr().err


def test_promote_notes_each_gate_once_as_it_finishes(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    integrity, regression = gate("integrity", "passed"), gate("no_regression", "failed", "AUC is worse")
    server.answer("POST /models/loans/versions/3/promotions", promotion(), status=201)
    server.answer(
        "GET /promotions/7", promotion(gates=[gate("integrity", "pending"), gate("no_regression", "pending")])
    )
    server.answer("GET /promotions/7", promotion(gates=[integrity, gate("no_regression", "pending")]))
    server.answer("GET /promotions/7", promotion("blocked", gates=[integrity, regression]))
    assert assaydesk(*PROMOTE, "--wait") == 1
    notes = capsys.readouterr().err
    assert notes.count("Integrity") == 1
    assert notes.index("Integrity") < notes.index("No regression (no_regression): AUC is worse")


def test_promote_notes_a_gate_again_when_it_ran_again(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("POST /models/loans/versions/3/promotions", promotion(), status=201)
    server.answer("GET /promotions/7", promotion(gates=[gate("card", "failed", "3 of 4 sections")]))
    server.answer("GET /promotions/7", promotion(gates=[gate("card", "pending", run=2)]))
    server.answer("GET /promotions/7", promotion("completed", gates=[gate("card", "passed", run=2)]))
    assert assaydesk(*PROMOTE, "--wait") == 0
    noted = [line.split()[0] for line in capsys.readouterr().err.splitlines() if "(card)" in line]
    assert noted == ["failed", "passed"]


def test_promote_without_wait_only_opens(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer("POST /models/loans/versions/3/promotions", promotion(), status=201)
    assert assaydesk(*PROMOTE, "--on-behalf-of", "dana") == 0
    assert server.calls[0].json == {"to": "Production", "reason": "ranks better", "on_behalf_of": "dana"}


def test_missing_right_has_its_own_exit_code(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "POST /models/loans/versions/3/promotions"
    server.refuse(path, 403, "forbidden", "riley may not promote loans.", "Ask for contributor.")
    assert assaydesk(*PROMOTE) == 4
    assert "Ask for contributor." in capsys.readouterr().err


def test_server_trouble_has_its_own_exit_code(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer("GET /models/loans/production", b"oops", status=500)
    assert assaydesk("production", "loans") == 3


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("frobnicate",),
        ("promote", "loans", "three", "--to", "Staging", "--reason", "r"),
        ("promote", "loans", 3, "--to", "Staging"),
        ("predict", "loans", 3, "--dataset", "holdout", "--predictions", "p.csv"),
        (*PROMOTE, "--time", "3"),
        (*PROMOTE, "--wait", "--timeout", "nan"),
        ("review", 7, "--verdict", "maybe"),
    ],
)
def test_wrong_usage_is_two(assaydesk: Command, server: ScriptedServer, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        assaydesk(*arguments)
    assert left.value.code == 2
    assert server.calls == []


@pytest.mark.parametrize("missing", ["ASSAYDESK_URL", "ASSAYDESK_TOKEN"])
def test_missing_surroundings_are_named(
    assaydesk: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    monkeypatch.delenv(missing)
    assert assaydesk("production", "loans") == 2
    assert missing in capsys.readouterr().err


def test_token_comes_from_a_file_before_the_environment(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("from-the-file\n")
    server.answer("GET /models/loans/production", production([]))
    assert assaydesk("--token-file", tmp_path / "token", "production", "loans") == 0
    assert server.calls[0].headers["authorization"] == "Bearer from-the-file"


def test_address_without_encryption_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ASSAYDESK_TOKEN", "t")
    absent = str(tmp_path / "absent.md")
    assert main(["--url", "http://desk.invalid", "card", "loans", "3", absent]) == 2
    assert "not encrypted" in capsys.readouterr().err


def test_reader_who_has_seen_enough_gets_no_traceback(server: ScriptedServer, tmp_path: Path) -> None:
    server.answer("GET /promotions/7", promotion("in_review"))
    reads, writes = os.pipe()
    os.close(reads)
    surroundings = {**os.environ, "ASSAYDESK_URL": server.url, "ASSAYDESK_TOKEN": "t"}
    command = [sys.executable, "-m", "assaydesk_client", "review", "7"]
    with os.fdopen(writes, "wb") as closed:
        done = subprocess.run(
            command, stdout=closed, stderr=subprocess.PIPE, env=surroundings, cwd=CLIENT, check=False, timeout=60
        )
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == b""


def test_terminal_is_not_steered_by_words_from_the_server(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("GET /promotions/7", promotion("in_review", reason="fine\x1b[2J\u202egnissim"))
    assert assaydesk("review", 7) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_predict_hands_in_and_prints_the_figures(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.csv").write_text("id,score\n1,0.5\n")
    metrics = [
        {"metric": "auc", "column": "", "segment": "", "value": 0.875, "n": 986},
        {"metric": "recall", "column": "sex", "segment": "female", "value": None, "n": 0},
    ]
    answer = {"evaluation": 4, "provenance": "scored", "dataset": "holdout@1", "metrics": metrics}
    server.answer("POST /models/loans/versions/3/predictions", answer, status=201)
    predictions = tmp_path / "p.csv"
    assert assaydesk("predict", "loans", 3, "--dataset", "holdout@1", "--predictions", predictions) == 0
    assert server.calls[0].path.endswith("?dataset=holdout%401")
    assert capsys.readouterr().out.splitlines() == [
        "evaluation 4 (scored)",
        "auc 0.8750 on 986 rows",
        "recall sex=female undefined on 0 rows",
    ]


def test_dataset_commands_speak_the_api(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h.csv").write_text("id,y,sex\n1,0,f\n")
    server.answer("POST /datasets", {"name": "h", "description": "d"}, status=201)
    server.answer("POST /datasets/h/versions", {"dataset": "h", "version": 1, "locked": False}, status=201)
    server.answer("GET /datasets/h/versions/1/inputs", b"id,a\n1,2\n", kind="text/csv")
    pointer = ("--kind", "git", "--location", "repo:file.csv", "--pin", "c0ffee")
    assert assaydesk("dataset", "create", "h", "--description", "d") == 0
    assert assaydesk("dataset", "pointer", "h", *pointer) == 0
    lock = ("--id", "id", "--target", "y", "--positive", "1", "--segment", "sex")
    assert assaydesk("dataset", "lock", "h", tmp_path / "h.csv", *lock) == 0
    assert assaydesk("dataset", "lock", "h", "--from", "s3://shared/h.csv", *lock) == 0
    assert assaydesk("dataset", "lock", "h", tmp_path / "h.csv", "--from", "s3://shared/h.csv", *lock) == 2
    assert assaydesk("dataset", "lock", "h", *lock) == 2
    assert assaydesk("dataset", "inputs", "h@1") == 0
    assert capsys.readouterr().out == "h\nh@1\nh@1\nh@1\nid,a\n1,2\n"
    assert server.calls[1].json == {"kind": "git", "location": "repo:file.csv", "pin": "c0ffee"}


def test_card_command_tells_what_is_missing(
    assaydesk: Command, registry: ScriptedServer, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assaydesk("card", "loans", 3, files / "card.md") == 0
    assert capsys.readouterr().out == "card revision 1, still missing: Limitations\n"
    assert registry.calls[0].body == (files / "card.md").read_bytes()


def test_production_downloads_and_checks_every_file(assaydesk: Command, server: ScriptedServer, tmp_path: Path) -> None:
    content = b"onnx bytes"
    entry = {"path": "sub/model.onnx", "size": 10, "sha256": hashlib.sha256(content).hexdigest()}
    server.answer("GET /models/loans/production", production([entry]))
    server.answer("GET /models/loans/versions/3/artifacts/sub/model.onnx", content)
    assert assaydesk("production", "loans", "--download", tmp_path) == 0
    assert (tmp_path / "3" / "sub" / "model.onnx").read_bytes() == content


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", "c:evil", "a\\..\\evil", ""])
def test_production_writes_nothing_outside_the_folder(
    assaydesk: Command, server: ScriptedServer, tmp_path: Path, path: str
) -> None:
    entry = {"path": path, "size": 4, "sha256": hashlib.sha256(b"evil").hexdigest()}
    server.answer("GET /models/loans/production", production([entry]))
    assert assaydesk("production", "loans", "--download", tmp_path / "live") == 3
    assert not (tmp_path / "live").exists()
    assert len(server.calls) == 1


def test_nothing_live_is_a_refusal_that_says_so(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuse("GET /models/loans/production", 404, "nothing_live", "Nothing of loans is live.")
    assert assaydesk("production", "loans") == 1
    assert "Nothing of loans is live." in capsys.readouterr().err


def test_whole_command_waits_out_a_server_that_restarts(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer("GET /models/loans/production", b"", status=502)
    server.answer("GET /models/loans/production", production([]))
    assert assaydesk("production", "loans") == 0


@pytest.mark.parametrize(("state", "exit_code"), [("completed", 0), ("blocked", 1)])
def test_register_and_wait_tells_the_end_by_exit_code(
    assaydesk: Command, registry: ScriptedServer, files: Path, state: str, exit_code: int
) -> None:
    registry.answer("GET /promotions/7", promotion(to_stage="Staging", state=state))
    assert assaydesk(*registering(files, "--wait")) == exit_code
