"""Locking data that lies in S3: only from allowed places, read once, named with its version and digest."""

import hashlib

import duckdb
import pytest

from accounts.reasons import Forbidden, Invalid, NotFound, TooLarge
from audit.models import AuditEvent
from evidence.actions import EvidenceMissing, lock_dataset_from_s3
from evidence.actions.evaluate import locked_rows
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import LockedDataset
from registry.actions import create_dataset
from registry.models import DatasetVersion
from registry.stores import StoreError, store
from registry.stores.s3_source import source_at
from tests.api.caller import Caller, ok, problem_of
from tests.factories import persona, personas
from tests.s3_server import Wire, _s3, bucket, use_endpoint

__all__ = ["_s3", "bucket"]
pytestmark = pytest.mark.django_db

CSV = b"id,amount,approved\na1,10,yes\na2,20,no\n"
DIGEST = hashlib.sha256(CSV).hexdigest()
DECLARED = Declaration("id", "approved", "yes", [])
PLACE = "s3://models/shared"


@pytest.fixture(autouse=True)
def shared(bucket, settings):
    settings.S3_SOURCES_ALLOWED = [PLACE]
    bucket.write("shared/holdout.csv", CSV)
    bucket.write("shared-not/holdout.csv", CSV)
    bucket.write("secret/holdout.csv", CSV)
    return bucket


@pytest.fixture
def dataset():
    personas()
    return create_dataset("holdout", actor=persona("sam"))


def lock(dataset, address: str = f"{PLACE}/holdout.csv") -> LockedDataset:
    return lock_dataset_from_s3(dataset, address, DECLARED, actor=persona("sam"))


def test_what_lies_in_an_allowed_place_is_locked_and_kept_here(dataset, shared):
    locked = lock(dataset)
    shared.client.delete_object(Bucket=shared.name, Key="shared/holdout.csv")
    assert (locked.digest, locked.rows) == (DIGEST, 2)
    assert len(load_rows(locked).truth) == 2
    version = locked.dataset_version
    assert (version.location, version.pin) == (f"{PLACE}/holdout.csv", DIGEST)
    assert AuditEvent.objects.get(verb="dataset.version_added").after["location"] == f"{PLACE}/holdout.csv"


def test_parquet_is_locked_from_there_as_well(dataset, shared, tmp_path):
    file = tmp_path / "rows.parquet"
    rows = duckdb.sql("SELECT * FROM (VALUES ('a1', 10, 'yes'), ('a2', NULL, 'no')) AS t(id, amount, approved)")
    rows.write_parquet(str(file))
    shared.write("shared/holdout.parquet", file.read_bytes())
    locked = lock(dataset, f"{PLACE}/holdout.parquet")
    assert load_rows(locked).truth.tolist() == [True, False]
    assert locked.digest == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("lost", ["gone", "changed"])
def test_locked_rows_that_the_store_lost_are_named_and_no_number_is_made(dataset, shared, settings, tmp_path, lost):
    settings.ARTIFACT_STORE, settings.VAR_DIR = f"s3://{shared.name}/desk", tmp_path
    locked = lock(dataset)
    keys = shared.keys()
    [key] = [key for key in keys if key.endswith(locked.rows_digest)]
    if lost == "gone":
        shared.client.delete_object(Bucket=shared.name, Key=key)
    else:
        shared.write(key, shared.read(key).replace(b"a1", b"b1"))
    with pytest.raises(EvidenceMissing, match="The rows of holdout@1") as missing:
        locked_rows(locked)
    assert missing.value.code == "data_gone"
    assert "backup" in str(missing.value)


def test_where_the_bucket_keeps_versions_the_one_that_was_read_is_named(dataset, shared):
    shared.client.put_bucket_versioning(Bucket=shared.name, VersioningConfiguration={"Status": "Enabled"})
    try:
        shared.write("shared/versioned.csv", CSV)
        read = shared.client.head_object(Bucket=shared.name, Key="shared/versioned.csv")["VersionId"]
        version = lock(dataset, f"{PLACE}/versioned.csv").dataset_version
    finally:
        shared.client.put_bucket_versioning(Bucket=shared.name, VersioningConfiguration={"Status": "Suspended"})
    assert version.location == f"{PLACE}/versioned.csv?versionId={read}"


@pytest.mark.parametrize(
    "address",
    [
        "s3://models/secret/holdout.csv",
        "s3://models/shared-not/holdout.csv",
        "s3://models/holdout.csv",
        "s3://models-of-others/shared/holdout.csv",
        "s3://other/models/shared/holdout.csv",
    ],
)
def test_any_other_place_is_refused_with_the_remedy(dataset, address):
    with pytest.raises(Forbidden) as refused:
        lock(dataset, address)
    assert refused.value.reason.code == "source_not_allowed"
    assert "S3_SOURCES_ALLOWED" in refused.value.reason.remedy
    assert not DatasetVersion.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        f"{PLACE}/../secret/holdout.csv",
        f"{PLACE}/./holdout.csv",
        f"{PLACE}//holdout.csv",
        f"{PLACE}/a/../../secret/holdout.csv",
        f"{PLACE}/%2e%2e/secret/holdout.csv",
        f"{PLACE}/holdout.csv?versionId=x",
        f"{PLACE}/holdout.csv#x",
        f"{PLACE}/holdout.csv\n",
        f"{PLACE}/..\\secret",
        f"{PLACE}/",
        PLACE,
        "s3://models",
        "s3:///shared/holdout.csv",
        "s3://user:word@models/shared/holdout.csv",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "/etc/passwd",
        "",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused_unread(dataset, address):
    with pytest.raises((Invalid, Forbidden)) as refused:
        lock(dataset, address)
    assert refused.value.reason.remedy
    assert not DatasetVersion.objects.exists()


def test_nothing_is_allowed_unless_it_is_named(dataset, settings):
    settings.S3_SOURCES_ALLOWED = []
    with pytest.raises(Forbidden):
        lock(dataset)


def test_an_object_over_the_limit_is_refused_before_it_is_read(dataset, settings, shared):
    settings.MAX_DATASET_BYTES = len(CSV) - 1
    with pytest.raises(TooLarge):
        lock(dataset)
    settings.MAX_DATASET_BYTES = len(CSV)
    lock(dataset)


def test_an_object_that_is_not_there_is_named(dataset):
    with pytest.raises(NotFound, match=r"no object at s3://models/shared/nothing\.csv"):
        lock(dataset, f"{PLACE}/nothing.csv")


def test_s3_that_goes_away_leaves_nothing_noted(dataset, monkeypatch):
    wire = Wire(0)
    wire.cut()
    use_endpoint(monkeypatch, f"http://127.0.0.1:{wire.port}")
    with pytest.raises(StoreError) as refused:
        lock(dataset)
    assert refused.value.status == 503
    assert not DatasetVersion.objects.exists()


def test_large_objects_come_in_pieces(shared):
    shared.write("shared/large.bin", bytes(5 * 2**20))
    with source_at(f"{PLACE}/large.bin", limit=2**30) as source:
        sizes = [len(chunk) for chunk in source.chunks]
    assert (sum(sizes), source.size) == (5 * 2**20, 5 * 2**20)
    assert max(sizes) <= 2**20


def test_through_the_api_approvers_lock_it_and_contributors_do_not(dataset):
    declared = "id=id&target=approved&positive=yes"
    address = f"/datasets/holdout/versions?from=s3%3A%2F%2Fmodels%2Fshared%2Fholdout.csv&{declared}"
    problem_of(Caller(persona("dana")).post(address), 403, "not_permitted")
    told = ok(Caller(persona("sam")).post(address), 201)
    assert told["pin"] == DIGEST
    assert store().digest_now(DIGEST) == DIGEST
    refused = address.replace("shared", "secret")
    problem_of(Caller(persona("sam")).post(refused), 403, "source_not_allowed")
