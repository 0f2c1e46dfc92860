"""Whatever is sent: an answer in problem+json with a stable code, never a failure, never half a thing."""

import io
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from registry.models import ArtifactFile, Dataset, DatasetVersion, Model, Version
from tests.api.caller import Caller, ok, problem_of
from tests.api.conftest import NEW_VERSION
from tests.factories import persona, version_of

COMMIT = "c" * 40


# --- JSON ---------------------------------------------------------------------------------------------

NOT_JSON = [b"", b"{", b'{"name": "fa', b"name=fare", b"\xff\xfe", b"<x/>", b'{"name": NaN}', b"[" * 100_000]


@pytest.mark.parametrize("content", NOT_JSON, ids=lambda content: ascii(content[:12]))
def test_a_body_that_is_no_json_is_refused(dana, content):
    answer = dana.send("POST", "/models", content)
    assert answer.status_code in {400, 422}
    problem_of(answer, answer.status_code, "malformed")
    assert not Model.objects.exists()


@pytest.mark.parametrize("sent", [[], [1], "fare", 1, None, True, {"name": None}, {"name": 1}, {"name": ["fare"]}, {}])
def test_json_of_another_shape_is_refused(dana, sent):
    problem_of(dana.send("POST", "/models", json.dumps(sent)), 422, "malformed")
    assert not Model.objects.exists()


@pytest.mark.parametrize("key", ["is_superuser", "created_by", "versions_registered", "id", "Name", "owners"])
def test_an_unknown_key_is_refused_by_name(dana, key):
    told = problem_of(dana.post("/models", {"name": "fare", key: 1}), 422, "malformed")
    assert [error["field"].split(".")[-1] for error in told["errors"]] == [key]
    assert not Model.objects.exists()


WRITES = {
    "/models": {"name": "fare"},
    "/models/loan/versions": NEW_VERSION,
    "/models/loan/versions/1/promotions": {"to": "Staging"},
    "/datasets": {"name": "loans"},
    "/promotions/1/withdraw": {"reason": "x"},
    "/promotions/1/resubmit": {"answer": "x"},
    "/promotions/1/gates/card/rerun": {"reason": "x"},
    "/promotions/1/gates/card/acknowledge": {"reason": "x", "digest": "x"},
    "/promotions/1/gates/card/waive": {"reason": "x", "digest": "x"},
    "/promotions/1/gates/card/report": {"outcome": "passed", "summary": "x"},
    "/promotions/1/restart": {"reason": "x"},
    "/promotions/1/take-over": {"reason": "x"},
    "/after-reviews/1": {"verdict": "accepted"},
    "/promotions/1/checklist/cost": {"seal": "x"},
    "/promotions/1/reviews": {"verdict": "approve", "seal": "x"},
}


@pytest.mark.parametrize(("path", "sent"), WRITES.items(), ids=WRITES)
def test_every_write_refuses_unknown_keys(people, opened, path, sent):
    caller = Caller(persona("dana"), "read", "write", "review")
    told = problem_of(caller.post(path, {**sent, "stage": "Production"}), 422, "malformed")
    assert "stage" in told["detail"]


@pytest.mark.parametrize(
    "nested", [{"code": {"repository": "r", "commit": COMMIT, "branch": "main"}}, {"data": [{"name": "x", "url": "y"}]}]
)
def test_unknown_keys_are_refused_inside_too(dana, loan, nested):
    problem_of(dana.post("/models/loan/versions", NEW_VERSION | nested), 422, "malformed")
    assert not Version.objects.exists()


def test_a_body_over_the_limit_is_refused(dana):
    problem_of(dana.post("/models", {"name": "fare", "description": "x" * 1_100_000}), 413, "too_large")
    assert not Model.objects.exists()


@pytest.mark.parametrize("field", ["name", "description", "use_case"])
def test_a_nul_is_refused_in_any_text(dana, field):
    problem_of(dana.post("/models", {"name": "fare", field: "a\0b"}), 422, "malformed")
    assert not Model.objects.exists()


def test_a_nul_is_refused_deep_inside_and_a_written_one_is_taken(dana, loan):
    deep = {"parameters": {"a": [{"b": "x\0"}]}}
    problem_of(dana.post("/models/loan/versions", NEW_VERSION | deep), 422, "malformed")
    written = {"parameters": {"a": "\\u0000 is how NUL is written"}}
    told = ok(dana.post("/models/loan/versions", NEW_VERSION | written), 201)
    assert told["parameters"] == written["parameters"]


@pytest.mark.parametrize(
    "path", ["/models/a%00b", "/datasets/a%00b/versions/1/inputs", "/models/loan/versions/1/artifacts/a%00"]
)
def test_a_nul_in_an_address_is_refused(dana, opened, path):
    problem_of(dana.get(path), 422, "malformed")


@pytest.mark.parametrize("path", ["/models", "/promotions", "/audit", "/datasets"])
def test_a_nul_in_a_query_is_refused(dana, path):
    for key in ("cursor", "model", "state", "verb"):
        answer = dana.get(path, **{key: "\0"})
        assert answer.status_code in {200, 422}
        if answer.status_code == 200:
            assert key not in {"cursor"}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *("label", "description", "task", "format", "features", "signature", "parameters", "framework", "environment"),
    *("decision_threshold", "code", "data", "run_id", "base_model", "tags", "on_behalf_of"),
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(FIELDS), value=ANY_JSON)
def test_no_value_of_any_field_makes_registering_fail(dana, loan, field, value):
    answer = dana.post("/models/loan/versions", NEW_VERSION | {field: value})
    assert answer.status_code in {201, 400, 404, 409, 422}, answer.content
    if answer.status_code != 201:
        problem_of(answer, answer.status_code, answer.json()["code"])


# --- Addresses and queries ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nowhere", "/models/", "/models/loan/versions/x", "/models/loan/versions/-1", "//"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_wrong_address_is_answered_in_json(dana, loan, method, path):
    problem_of(dana.send(method, path, b"{}"), 404, "not_found")


def test_a_wrong_address_tells_a_stranger_nothing(db):
    problem_of(Caller().get("/nowhere"), 401, "no_valid_token")


@pytest.mark.parametrize("number", ["0", "99", "9" * 19, "9" * 30, "9" * 5000])
@pytest.mark.parametrize("path", ["/models/loan/versions/{}", "/promotions/{}", "/datasets/x/versions/{}/inputs"])
def test_a_number_of_nothing_is_not_found(dana, loan, path, number):
    problem_of(dana.get(path.format(number)), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/promotions", {"cursor": "x"}, "bad_cursor"),
        ("/promotions", {"cursor": "-1"}, "bad_cursor"),
        ("/promotions", {"cursor": "²"}, "bad_cursor"),
        ("/promotions", {"state": "live"}, "unknown_state"),
        ("/models/loan/history", {"cursor": "x"}, "bad_cursor"),
        ("/audit", {"cursor": "x"}, "malformed"),
    ],
)
def test_a_query_that_can_not_be_is_refused(dana, loan, path, query, code):
    problem_of(dana.get(path, **query), 422, code)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
@pytest.mark.parametrize(
    ("asked", "code"),
    [("/models/loan/history at", "malformed"), ("/audit since", "bad_time"), ("/audit until", "bad_time")],
)
def test_a_moment_that_no_clock_shows_somewhere_is_refused(dana, loan, asked, code, moment):
    path, name = asked.split()
    problem_of(dana.get(path, **{name: moment}), 422, code)


@pytest.mark.parametrize(
    ("path", "name"),
    [("/models/loan/versions/1/promotions", "not_before"), ("/promotions/1/gates/card/waive", "expires_at")],
)
def test_such_a_moment_is_kept_nowhere(people, opened, path, name):
    sent: Any = WRITES[path]
    caller = Caller(persona("dana"), "read", "write", "review")
    told = problem_of(caller.post(path, sent | {name: "9999-12-31T23:59:59Z"}), 422, "malformed")
    assert [error["field"].split(".")[-1] for error in told["errors"]] == [name]


@pytest.mark.parametrize("length", [18, 19, 30, 5000])
@pytest.mark.parametrize("path", ["/promotions", "/audit", "/models/loan/history"])
def test_a_cursor_beyond_everything_is_no_failure(dana, loan, path, length):
    assert dana.get(path, cursor="9" * length).status_code in {200, 422}


@pytest.mark.parametrize("query", [{"_connector": "OR", "_negated": "1"}, {"name__startswith": "l"}])
def test_a_query_reaches_no_lookup_of_its_own(dana, loan, query):
    assert ok(dana.get("/models", **query)) == ok(dana.get("/models"))


# --- Names, labels, pins ------------------------------------------------------------------------------


def test_a_name_that_is_taken_is_a_conflict(dana, loan):
    problem_of(dana.post("/models", {"name": "LOAN"}), 409, "name_taken")
    ok(dana.post("/datasets", {"name": "loans"}), 201)
    problem_of(dana.post("/datasets", {"name": "Loans"}), 409, "name_taken")


@pytest.mark.parametrize("name", ["", "..", "a b", "a/b", "loan\n", "\u202eloan", "a" * 129, "<b>"])
def test_a_bad_name_is_refused(dana, name):
    problem_of(dana.post("/models", {"name": name}), 422, "bad_name")
    problem_of(dana.post("/datasets", {"name": name}), 422, "bad_name")


def test_a_label_that_is_taken_is_a_conflict_and_leaves_no_pointer_behind(dana, loan):
    version_of(loan, label="1.0.0")
    pointer = {"name": "new-data", "kind": "git", "location": "data", "pin": COMMIT}
    again = NEW_VERSION | {"label": "1.0.0", "data": [pointer]}
    problem_of(dana.post("/models/loan/versions", again), 409, "label_taken")
    assert Version.objects.count() == 1
    assert not Dataset.objects.filter(name="new-data").exists()


@pytest.mark.parametrize("data", ["loans", "loans@", "loans@x", "@1", "loans@99", "", "loans@²", "loans@" + "9" * 5000])
def test_data_that_is_not_registered_is_refused(dana, loan, data):
    problem_of(dana.post("/models/loan/versions", NEW_VERSION | {"data": [data]}), 404, "not_found")
    assert not Version.objects.exists()


@pytest.mark.parametrize("pin", ["latest", "main", "abc123", ""])
def test_a_pointer_that_moves_is_refused_with_the_remedy(dana, loan, pin):
    ok(dana.post("/datasets", {"name": "loans"}), 201)
    sent = {"kind": "git", "location": "data", "pin": pin}
    told = problem_of(dana.post("/datasets/loans/versions", sent), 422, "not_pinned")
    assert "full commit id" in told["remedy"]
    problem_of(
        dana.post("/models/loan/versions", NEW_VERSION | {"data": [sent | {"name": "loans"}]}), 422, "not_pinned"
    )


@pytest.mark.parametrize("threshold", [2, -1, "high", math.inf])
def test_a_threshold_that_is_no_share_is_refused(dana, loan, threshold):
    answer = dana.post("/models/loan/versions", NEW_VERSION | {"decision_threshold": threshold})
    assert answer.status_code in {400, 422}
    problem_of(answer, answer.status_code, answer.json()["code"])


# --- Uploads ------------------------------------------------------------------------------------------


def cut_off(caller, method, path, content_type="application/octet-stream"):
    """Ten bytes of an announced hundred."""
    return caller.send(
        method, path, b"0123456789", content_type, CONTENT_LENGTH="100", **{"wsgi.input": io.BytesIO(b"0123456789")}
    )


def test_a_cut_off_upload_is_refused_and_nothing_kept(dana, opened):
    told = problem_of(cut_off(dana, "PUT", f"{opened}/artifacts/model.onnx"), 422, "upload_cut_off")
    assert "10 of 100 bytes" in told["detail"]
    assert not ArtifactFile.objects.exists()


def test_a_cut_off_card_or_dataset_is_refused(dana, sam, opened):
    ok(dana.post("/datasets", {"name": "loans"}), 201)
    problem_of(cut_off(dana, "PUT", f"{opened}/card", "text/markdown"), 422, "upload_cut_off")
    locking = "/datasets/loans/versions?id=id&target=t&positive=1"
    problem_of(cut_off(sam, "POST", locking, "text/csv"), 422, "upload_cut_off")
    assert not DatasetVersion.objects.exists()


def test_an_upload_of_unknown_length_is_refused_not_stored_as_nothing(dana, opened):
    """Without a length Django reads an empty body, whatever was sent in chunks."""
    answer = dana.send(
        "PUT", f"{opened}/artifacts/model.onnx", b"bytes", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"
    )
    problem_of(answer, 422, "length_required")
    assert not ArtifactFile.objects.exists()


def test_bytes_that_differ_from_their_digest_are_refused(dana, opened):
    problem_of(dana.put(f"{opened}/artifacts/model.onnx", b"bytes", digest=b"other"), 422, "digest_mismatch")
    assert not ArtifactFile.objects.exists()


@pytest.mark.parametrize(
    "digest",
    ["nonsense", "sha-256=abc", "sha-256=:!!!:", "sha-256=::", "sha-256=:YWJj:", "md5=:YWJj:", "sha-512=:YWJj:"],
)
def test_a_digest_that_can_not_be_read_is_refused_not_ignored(dana, opened, digest):
    problem_of(dana.put(f"{opened}/artifacts/model.onnx", b"bytes", digest=digest), 422, "bad_content_digest")
    assert not ArtifactFile.objects.exists()


def test_one_of_several_digests_is_enough(dana, opened):
    from tests.api.caller import content_digest

    header = f"sha-512=:YWJj:, {content_digest(b'bytes')}"
    ok(dana.put(f"{opened}/artifacts/model.onnx", b"bytes", digest=header), 201)


def test_a_file_over_the_limit_is_refused(dana, opened, settings):
    settings.MAX_ARTIFACT_BYTES = 10
    problem_of(dana.put(f"{opened}/artifacts/model.onnx", b"x" * 11), 413, "too_large")
    assert not ArtifactFile.objects.exists()


@pytest.mark.parametrize(
    ("content", "status"), [("x" * 2000, 413), ("é" * 600, 413), ("", 422), ("---\na: b: c\n---\n", 422)]
)
def test_a_card_that_can_not_be_is_refused(dana, opened, settings, content, status):
    settings.MAX_CARD_BYTES = 1024
    answer = dana.put(f"{opened}/card", content)
    problem_of(answer, status, answer.json()["code"])


def test_a_card_that_is_not_text_is_refused(dana, opened):
    problem_of(dana.put(f"{opened}/card", b"\xff\xfe\x00"), 422, "not_text")


PATHS = [
    *("../x", "a/../../x", "./../x", "/etc/passwd", "..\\x", "a\\..\\..\\x", "C:\\x", "C:x", "\\\\host\\s", "//host/s"),
    *("file:///etc", "a;/../../x", ".", "./.", ".//", "..", "x\0y", "x\r\ny", "~/x", "a/./b", "a//b", "\u202ex"),
]


def encoded(path: str, times: int) -> str:
    """Every byte as %XX, and that as often as told (once is what an address needs anyway)."""
    text = "".join(f"%{byte:02x}" for byte in path.encode())
    for _ in range(times - 1):
        text = text.replace("%", "%25")
    return text


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_no_path_leads_out_of_a_version(dana, opened, tmp_path, method, times):
    there = set(tmp_path.rglob("*"))
    for path in PATHS:
        answer = dana.send(method, f"{opened}/artifacts/{encoded(path, times)}", b"evil")
        assert 400 <= answer.status_code < 500, path
        assert str(tmp_path).encode() not in answer.content
    assert not ArtifactFile.objects.exists()
    assert set(tmp_path.rglob("*")) == there


def test_nothing_of_a_refused_call_is_on_the_record(dana, opened):
    before = AuditEvent.objects.count()
    for path in ("../x", ".", "a//b"):
        dana.send("PUT", f"{opened}/artifacts/{encoded(path, 1)}", b"evil")
    dana.post("/models", {"name": ".."})
    assert AuditEvent.objects.count() == before


# --- A failure of ours --------------------------------------------------------------------------------


def test_a_failure_of_ours_is_a_problem_without_its_cause(dana, monkeypatch):
    monkeypatch.setattr("api.routes.models.create_model", lambda *_, **__: 1 / 0)
    told = problem_of(dana.post("/models", {"name": "fare"}), 500, "server_error")
    assert "division" not in json.dumps(told)
