"""Artifacts in S3 through the API: sent on to the store only whom the registry lets through, never half-stored."""

import httpx
import pytest

from approvals.tasks import run_gate_task
from audit.models import AuditEvent
from registry.models import ArtifactFile
from tests.api.caller import Caller, content_digest, ok, problem_of
from tests.approvals.judging import judge, promotion_with_gate, run_of
from tests.factories import model_named, person, policies, version_of
from tests.s3_server import Wire, _s3, bucket, use_endpoint

__all__ = ["_s3", "bucket"]
BYTES = b"an artifact"
FILE = "/models/loan/versions/1/artifacts/more.txt"


@pytest.fixture(autouse=True)
def in_s3(bucket, settings, tmp_path):
    settings.ARTIFACT_STORE = f"s3://{bucket.name}/desk"
    settings.VAR_DIR = tmp_path


@pytest.fixture
def unfinished(people):
    return version_of(model_named(), final=False)


def test_a_download_is_sent_on_to_the_store_and_says_what_its_digest_must_be(unfinished, dana):
    ok(dana.put(FILE, BYTES, digest=BYTES), 201)
    response = dana.get(FILE)
    assert response.status_code == 302
    assert response["Cache-Control"] == "no-store"
    stored = httpx.get(response["Location"])
    assert (stored.status_code, stored.content) == (200, BYTES)
    assert "attachment" in stored.headers["Content-Disposition"]
    assert response["Repr-Digest"] == content_digest(BYTES)


def test_a_stranger_gets_no_address(unfinished, dana):
    ok(dana.put(FILE, BYTES), 201)
    problem_of(Caller(person("stranger")).get(FILE), 404, "not_found")
    response = Caller().get(FILE)
    assert (response.status_code, "Location" in response) == (401, False)


def test_where_programs_can_not_reach_the_store_the_bytes_come_through(unfinished, dana, settings):
    settings.PRESIGNED_DOWNLOADS = False
    ok(dana.put(FILE, BYTES), 201)
    response = dana.get(FILE)
    assert response.status_code == 200
    assert b"".join(response.streaming_content) == BYTES


def test_bytes_that_are_gone_are_a_problem_and_no_page_of_the_store(unfinished, dana, bucket):
    ok(dana.put(FILE, BYTES), 201)
    bucket.empty()
    told = problem_of(dana.get(FILE), 409, "bytes_gone")
    assert "backup" in told["remedy"]


def test_a_store_that_is_away_is_unavailable_and_nothing_is_noted(unfinished, dana, monkeypatch):
    wire = Wire(0)
    wire.cut()
    use_endpoint(monkeypatch, f"http://127.0.0.1:{wire.port}")
    before = AuditEvent.objects.count(), ArtifactFile.objects.count()
    told = problem_of(dana.put(FILE, BYTES), 503, "store_unusable")
    assert told["remedy"]
    assert (AuditEvent.objects.count(), ArtifactFile.objects.count()) == before


@pytest.fixture
def staged(people):
    policies()
    return version_of(model_named())


def test_a_damaged_object_is_found_by_the_integrity_gate(staged, bucket):
    file = staged.files.get()
    bucket.write(f"desk/sha256/{file.sha256[:2]}/{file.sha256}", b"other bytes")
    run = judge(staged, "integrity")
    assert (run.outcome, run.details["damaged"]) == ("failed", [file.path])


def test_an_intact_object_passes_the_integrity_gate(staged):
    assert judge(staged, "integrity").outcome == "passed"


def test_a_store_that_is_away_is_no_damage(staged, monkeypatch):
    """The gate says nothing about bytes it couldn't read; its job is tried again."""
    promotion = promotion_with_gate(staged, "integrity")
    wire = Wire(0)
    wire.cut()
    use_endpoint(monkeypatch, f"http://127.0.0.1:{wire.port}")
    run_gate_task(run_of(promotion).job_id)
    run = run_of(promotion)
    assert run.outcome == "pending"
    assert "can't be reached" in run.job.error
