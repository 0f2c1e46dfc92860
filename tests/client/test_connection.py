import hashlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from assaydesk_client import Client, Corrupted, Misuse, NotAllowed, PromotionMoved, Refused, Unreachable
from assaydesk_client.answers import ArtifactFile
from tests.client.recorded import MODEL, promotion
from tests.client.scripted_server import ScriptedServer, scripted_server

Ask = Callable[[Client], Iterator[dict[str, Any]]]


def test_every_call_carries_the_token(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models/loans", MODEL)
    assert client.model("loans")["primary_metric"] == "auc"
    assert server.calls[0].headers["authorization"] == "Bearer a-token-for-tests"


def test_token_is_not_shown_by_repr(client: Client) -> None:
    assert "a-token-for-tests" not in repr(client) + repr(client._connection)


def test_upload_arrives_whole_with_its_digest_and_length(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 9000  # more than two pieces
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    heard: list[int] = []
    server.answer("PUT /models/loans/versions/3/artifacts/model.onnx", {"path": "model.onnx"}, status=201)
    client.upload_artifact("loans", 3, file, progress=heard.append)
    call = server.calls[0]
    assert call.body == content
    assert call.headers["content-length"] == str(len(content))
    assert "transfer-encoding" not in call.headers
    digest = call.headers["content-digest"].removeprefix("sha-256=:").removesuffix(":")
    assert b64decode(digest) == hashlib.sha256(content).digest()
    assert sum(heard) == len(content)
    assert len(heard) > 2


def test_names_are_quoted_so_that_they_lead_nowhere_else(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models/a%2F..%2Fb%3Fc", MODEL)
    client.model("a/../b?c")
    assert server.calls[0].path == "/api/v1/models/a%2F..%2Fb%3Fc"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_that_are_directions_are_refused_unsent(client: Client, server: ScriptedServer, name: str) -> None:
    with pytest.raises(Misuse):
        client.model(name)
    assert server.calls == []


def test_lists_follow_the_cursor_to_the_end(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models", {"items": [{"name": "a"}], "next_cursor": "n&1"})
    server.answer("GET /models", {"items": [{"name": "b"}], "next_cursor": None})
    assert [model["name"] for model in client.models()] == ["a", "b"]
    assert [call.path.partition("?")[2] for call in server.calls] == ["", "cursor=n%261"]


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/audit", lambda client: client.audit_events(verb="promotion.opened")),
        ("/models/m/history", lambda client: client.history("m")),
    ],
)
def test_records_are_read_to_the_end_by_cursor(client: Client, server: ScriptedServer, path: str, ask: Ask) -> None:
    server.answer(f"GET {path}", {"items": [{"n": 2}], "next_cursor": "17"})
    server.answer(f"GET {path}", {"items": [{"n": 1}], "next_cursor": None})
    assert [item["n"] for item in ask(client)] == [2, 1]
    assert "cursor" not in server.calls[0].path
    assert "cursor=17" in server.calls[1].path


def test_read_is_repeated_while_the_server_restarts(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models/loans", b"restarting", status=503)
    server.answer("GET /models/loans", MODEL)
    assert client.model("loans")["name"] == "loans"
    assert len(server.calls) == 2


def test_read_gives_up_after_four_attempts(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models/loans", b"down", status=503)
    with pytest.raises(Unreachable, match="503"):
        client.model("loans")
    assert len(server.calls) == 4


def test_write_is_never_repeated_once_it_was_sent(client: Client, server: ScriptedServer) -> None:
    server.answer("POST /models", b"down", status=503)
    with pytest.raises(Unreachable):
        client.create_model("loans")
    assert len(server.calls) == 1


def test_read_is_repeated_when_the_connection_breaks(client: Client, server: ScriptedServer) -> None:
    server.hang_up("GET /models/loans")
    server.answer("GET /models/loans", MODEL)
    assert client.model("loans")["name"] == "loans"


def test_write_is_not_repeated_when_the_connection_breaks(client: Client, server: ScriptedServer) -> None:
    server.hang_up("POST /models")
    with pytest.raises(Unreachable):
        client.create_model("loans")
    assert len(server.calls) == 1


def test_missing_server_is_tried_again_and_then_named() -> None:
    with create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    pauses: list[float] = []
    client = Client(f"http://127.0.0.1:{port}", "t", pause=pauses.append)
    with client, pytest.raises(Unreachable, match=f"127.0.0.1:{port}"):
        client.create_model("loans")
    assert pauses == [0.25, 0.5, 1.0]


def test_refusal_carries_code_words_and_remedy(client: Client, server: ScriptedServer) -> None:
    server.refuse("POST /models", 409, "name_taken", "There is a model called loans.", "Pick another name.")
    with pytest.raises(Refused) as caught:
        client.create_model("loans")
    assert (caught.value.status, caught.value.code) == (409, "name_taken")
    assert str(caught.value) == "There is a model called loans."
    assert caught.value.remedy == "Pick another name."


@pytest.mark.parametrize("status", [401, 403])
def test_missing_right_is_told_apart_from_other_refusals(client: Client, server: ScriptedServer, status: int) -> None:
    server.refuse("GET /models/loans", status, "forbidden", "dana may not see loans.")
    with pytest.raises(NotAllowed):
        client.model("loans")


def test_stale_seal_names_what_moved(client: Client, server: ScriptedServer) -> None:
    server.refuse("POST /promotions/7/reviews", 409, "promotion_moved", "It moved.", moved=["Card", "Baseline"])
    with pytest.raises(PromotionMoved) as caught:
        client.review_promotion(7, verdict="approve", comment="fine", seal="old")
    assert caught.value.moved == ["Card", "Baseline"]


def test_refusal_without_a_problem_document_still_names_the_status(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models/loans", b"<h1>Not Found</h1>", status=404, kind="text/html")
    with pytest.raises(Refused, match="404"):
        client.model("loans")


def test_page_instead_of_json_is_not_taken_for_an_answer(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models/loans", b"<h1>Sign in</h1>", kind="text/html")
    with pytest.raises(Unreachable, match="text/html"):
        client.model("loans")


def test_redirect_is_not_followed_with_the_token(client: Client, server: ScriptedServer) -> None:
    server.answer("GET /models/loans", b"", status=302)
    with pytest.raises(Unreachable, match="redirects"):
        client.model("loans")
    assert len(server.calls) == 1


@pytest.mark.parametrize("url", ["", "assaydesk", "ftp://desk", "http://", "https://dana:word@desk"])
def test_wrong_addresses_are_refused_before_any_call(url: str) -> None:
    with pytest.raises(Misuse):
        Client(url, "token")


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "umläut"])
def test_wrong_tokens_are_refused_before_any_call(token: str) -> None:
    with pytest.raises(Misuse):
        Client("http://127.0.0.1:1", token)


def test_address_may_end_in_the_api_path() -> None:
    assert Client("https://desk.example/api/v1/", "token").url == "https://desk.example"


def test_download_with_a_wrong_digest_leaves_nothing_behind(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    server.answer("GET /models/loans/versions/3/artifacts/model.onnx", b"altered")
    wanted = hashlib.sha256(b"original").hexdigest()
    target = tmp_path / "live" / "model.onnx"
    with pytest.raises(Corrupted):
        client.download_artifact("loans", 3, {"path": "model.onnx", "size": 8, "sha256": wanted}, target)
    assert list(target.parent.iterdir()) == []


def sent_on(server: ScriptedServer, *, to: str) -> None:
    server.redirect("GET /models/loan/versions/1/artifacts/model.onnx", to)


FILE: ArtifactFile = {"path": "model.onnx", "size": 5, "sha256": hashlib.sha256(b"bytes").hexdigest()}


def test_download_follows_to_the_store_without_the_token(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    with scripted_server() as store:
        store.answer("GET /bucket/object", b"bytes")
        sent_on(server, to=f"{store.url}/api/v1/bucket/object?X-Amz-Signature=abc")
        client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")
        [call] = store.calls
    assert (tmp_path / "model.onnx").read_bytes() == b"bytes"
    assert call.path.endswith("?X-Amz-Signature=abc")
    assert "authorization" not in call.headers


def test_what_the_store_hands_out_is_checked_too(client: Client, server: ScriptedServer, tmp_path: Path) -> None:
    with scripted_server() as store:
        store.answer("GET /bucket/object", b"other")
        sent_on(server, to=f"{store.url}/api/v1/bucket/object")
        with pytest.raises(Corrupted):
            client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["ftp://store/object", "file:///etc/passwd", "/api/v1/elsewhere", ""])
def test_download_is_sent_on_only_to_a_web_address(
    client: Client, server: ScriptedServer, tmp_path: Path, to: str
) -> None:
    sent_on(server, to=to)
    with pytest.raises(Unreachable):
        client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_store_that_refuses_or_is_away_is_named(client: Client, server: ScriptedServer, tmp_path: Path) -> None:
    with scripted_server() as store:
        store.answer("GET /bucket/object", b"<Error/>", status=403)
        sent_on(server, to=f"{store.url}/api/v1/bucket/object")
        with pytest.raises(Unreachable, match=r"artifact store at 127\.0\.0\.1 answered with status 403"):
            client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")
    with pytest.raises(Unreachable, match="can't be reached"):
        client.download_artifact("loan", 1, FILE, tmp_path / "model.onnx")


def test_inputs_are_written_as_they_come(client: Client, server: ScriptedServer, tmp_path: Path) -> None:
    server.answer("GET /datasets/holdout/versions/1/inputs", b"id,a\n1,2\n", kind="text/csv")
    client.download_inputs("holdout", 1, tmp_path / "inputs.csv")
    assert (tmp_path / "inputs.csv").read_text() == "id,a\n1,2\n"


def test_lock_names_the_columns_and_streams_the_file(client: Client, server: ScriptedServer, tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text("id,y\n1,0\n")
    server.answer("POST /datasets/holdout/versions", {"dataset": "holdout", "version": 1}, status=201)
    client.lock_dataset("holdout", file, id_column="id", target="y", positive="1", segments=["sex", "race"])
    call = server.calls[0]
    assert call.path.partition("?")[2] == "id=id&target=y&task=binary&positive=1&segments=sex%2Crace"
    assert call.headers["content-type"] == "text/csv"
    assert call.body == b"id,y\n1,0\n"


def test_lock_from_s3_names_the_place_and_sends_no_file(client: Client, server: ScriptedServer) -> None:
    server.answer("POST /datasets/holdout/versions", {"dataset": "holdout", "version": 1}, status=201)
    client.lock_dataset("holdout", "s3://shared/h.csv", id_column="id", target="y", positive="1")
    [call] = server.calls
    assert "from=s3%3A%2F%2Fshared%2Fh.csv" in call.path.partition("?")[2]
    assert call.json == {}


def test_approval_sends_the_seal_it_was_given(client: Client, server: ScriptedServer) -> None:
    server.answer("POST /promotions/7/reviews", promotion("completed"))
    client.review_promotion(7, verdict="approve", comment="fine", seal="s", ticks=["cost"])
    assert server.calls[0].json == {"verdict": "approve", "comment": "fine", "seal": "s", "ticks": ["cost"]}
