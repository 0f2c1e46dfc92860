"""The store in S3, on a real server over HTTP: streamed, checked by our own digests, nothing half-written."""

import hashlib
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import time_machine
from botocore.exceptions import ClientError

from registry.stores import BytesGone, StoreError, TooManyBytes
from registry.stores.s3 import S3Store
from registry.stores.s3_upload import PART_BYTES
from tests.s3_server import CREDENTIALS, Bucket, Wire, _s3, bucket, use_endpoint

__all__ = ["_s3", "bucket"]

ROOT = Path(__file__).parent.parent.parent
BYTES = b"some bytes of a model"
DIGEST = hashlib.sha256(BYTES).hexdigest()
KEY = f"desk/sha256/{DIGEST[:2]}/{DIGEST}"
LARGE = bytes(range(256)) * (PART_BYTES * 5 // 2 // 256)  # two whole parts and a half
LARGE_DIGEST = hashlib.sha256(LARGE).hexdigest()
LARGE_KEY = f"desk/sha256/{LARGE_DIGEST[:2]}/{LARGE_DIGEST}"


@pytest.fixture
def lent(tmp_path):
    return tmp_path / "lent"


@pytest.fixture
def s3(bucket, lent) -> S3Store:
    return S3Store.at(f"s3://{bucket.name}/desk", lent=lent)


def in_pieces(content: bytes, size: int = 1_000_003):
    return (content[start : start + size] for start in range(0, len(content), size))


def is_empty(bucket: Bucket) -> bool:
    return not bucket.keys() and not bucket.uploads()


def test_bytes_lie_under_their_digest_below_the_prefix(s3, bucket):
    stored = s3.keep([BYTES[:5], BYTES[5:]], limit=100)
    assert (stored.sha256, stored.size) == (DIGEST, len(BYTES))
    assert bucket.keys() == [KEY]
    assert bucket.read(KEY) == BYTES
    assert s3.open(DIGEST).read() == BYTES
    assert s3.digest_now(DIGEST) == DIGEST


def test_a_bucket_without_prefix_is_a_store_too(bucket, lent):
    S3Store.at(f"s3://{bucket.name}", lent=lent).keep([BYTES], limit=100)
    assert bucket.keys() == [KEY.removeprefix("desk/")]


@pytest.mark.parametrize("content", [LARGE, LARGE[: PART_BYTES * 2], LARGE[: PART_BYTES + 1], LARGE[:PART_BYTES], b""])
def test_any_size_arrives_whole_and_leaves_nothing_else(s3, bucket, content):
    stored = s3.keep(in_pieces(content), limit=len(LARGE))
    assert (stored.sha256, stored.size) == (hashlib.sha256(content).hexdigest(), len(content))
    [key] = bucket.keys()
    assert bucket.read(key) == content
    assert bucket.uploads() == []


def test_one_giant_chunk_is_cut_into_parts(s3, bucket):
    assert s3.keep([LARGE], limit=len(LARGE)).sha256 == LARGE_DIGEST
    assert bucket.keys() == [LARGE_KEY]


@pytest.mark.parametrize("content", [BYTES, LARGE], ids=["in one call", "in parts"])
def test_bytes_that_are_there_are_not_written_again(s3, bucket, content):
    s3.keep(in_pieces(content), limit=len(LARGE))
    [key] = bucket.keys()
    before = bucket.stamp(key)
    with time_machine.travel("2030-01-01", tick=True):
        s3.keep(in_pieces(content), limit=len(LARGE))
    assert (bucket.keys(), bucket.stamp(key), bucket.uploads()) == ([key], before, [])


@pytest.mark.parametrize("content", [BYTES, LARGE], ids=["in one call", "in parts"])
def test_keeping_bytes_again_mends_damaged_ones(s3, bucket, content):
    digest = s3.keep(in_pieces(content), limit=len(LARGE)).sha256
    [key] = bucket.keys()
    bucket.write(key, content[:-1] + b"!")
    assert s3.digest_now(digest) == hashlib.sha256(content[:-1] + b"!").hexdigest()
    s3.keep(in_pieces(content), limit=len(LARGE))
    assert s3.digest_now(digest) == digest
    assert bucket.keys() == [key]


def test_of_parallel_uploads_of_the_same_bytes_all_succeed(s3, bucket):
    results = []
    threads = [threading.Thread(target=lambda: results.append(s3.keep([BYTES], limit=100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.sha256 for result in results] == [DIGEST] * 4
    assert bucket.keys() == [KEY]


def test_losing_the_race_to_write_the_same_bytes_is_fine(s3, bucket, monkeypatch):
    """The object appears after the store looked and before it writes."""
    monkeypatch.setattr(S3Store, "digest_now", lambda *_: bucket.write(KEY, BYTES))
    assert s3.keep([BYTES], limit=100).sha256 == DIGEST
    assert bucket.read(KEY) == BYTES


@pytest.mark.parametrize("limit", [len(BYTES) - 1, 0])
def test_a_byte_over_the_limit_is_too_many(s3, bucket, limit):
    with pytest.raises(TooManyBytes):
        s3.keep([BYTES], limit=limit)
    assert is_empty(bucket)


def test_too_many_bytes_are_noticed_in_the_middle_and_what_was_sent_is_dropped(s3, bucket):
    with pytest.raises(TooManyBytes) as refused:
        s3.keep(in_pieces(LARGE), limit=PART_BYTES * 2 + 1)
    assert refused.value.status == 413
    assert is_empty(bucket)


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), KeyboardInterrupt(), ValueError("torn")])
def test_an_upload_that_breaks_off_leaves_nothing(s3, bucket, error):
    def torn():
        yield LARGE[: PART_BYTES + 5]
        assert bucket.uploads(), "no part was under way yet"
        raise error

    with pytest.raises(type(error)):
        s3.keep(torn(), limit=len(LARGE))
    assert is_empty(bucket)


def test_sixty_four_megabytes_go_through_bounded_memory_and_no_disk(bucket, tmp_path):
    """Measured in a process of its own: this one's peak says nothing any more."""
    code = """
import hashlib, os, resource, sys
from pathlib import Path
from registry.stores.s3 import S3Store
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
def chunks(count, digest):
    for number in range(count):
        chunk = number.to_bytes(4, "big") * 262_144
        digest.update(chunk)
        yield chunk
store = S3Store.at("s3://models/desk", lent=Path(sys.argv[1]) / "lent")
store.keep([b"first, so that everything is loaded"], limit=100)
before, digest = peak(), hashlib.sha256()
stored = store.keep(chunks(64, digest), limit=2**40)
after = peak()
assert stored.sha256 == digest.hexdigest() and stored.size == 64 * 2**20
assert store.digest_now(stored.sha256) == stored.sha256
print(after - before, peak() - before)
"""
    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": bucket.endpoint, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    upload, with_reading = map(int, told.stdout.split())
    assert upload < 6 * PART_BYTES
    assert with_reading < 6 * PART_BYTES
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(bucket.keys()) == 2
    assert not bucket.uploads()


def test_bytes_are_lent_as_a_file_that_goes_again(s3, lent):
    s3.keep([BYTES], limit=100)
    with s3.as_file(DIGEST) as path:
        assert path.read_bytes() == BYTES
        assert path.stat().st_mode & 0o777 == 0o400
        assert path.parent == lent
    assert not list(lent.iterdir())


def test_changed_bytes_are_not_lent(s3, bucket, lent):
    s3.keep([BYTES], limit=100)
    bucket.write(KEY, b"other bytes of a model")
    with pytest.raises(BytesGone, match="have changed"), s3.as_file(DIGEST):
        pass
    assert not list(lent.iterdir())


def test_bytes_that_are_gone_are_named(s3):
    for ask in (s3.open, lambda digest: s3.address_of(digest, "m.onnx"), lambda digest: s3.as_file(digest).__enter__()):
        with pytest.raises(BytesGone) as refused:
            ask(DIGEST)
        assert refused.value.status == 409
    assert s3.digest_now(DIGEST) is None


@pytest.mark.parametrize("digest", ["", "abc", "../../etc/passwd", DIGEST.upper(), DIGEST + "0", DIGEST[:-1] + "/"])
def test_only_a_digest_is_a_place(s3, digest):
    for ask in (s3.open, s3.remove, lambda digest: s3.address_of(digest, "m.onnx")):
        with pytest.raises(StoreError):
            ask(digest)


def test_removed_bytes_are_gone_and_may_be_removed_twice(s3, bucket):
    s3.keep([BYTES], limit=100)
    s3.remove(DIGEST)
    s3.remove(DIGEST)
    assert is_empty(bucket)


def test_the_address_hands_out_the_bytes_as_a_download_to_who_has_it(s3):
    s3.keep([BYTES], limit=100)
    answer = httpx.get(s3.address_of(DIGEST, "model.onnx"))
    assert (answer.status_code, answer.content) == (200, BYTES)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="model.onnx"'
    query = urlsplit(s3.address_of(DIGEST, "model.onnx")).query
    assert "X-Amz-Expires=60" in query
    assert "X-Amz-Signature=" in query
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in query


def test_the_store_tries_itself_out_and_leaves_nothing(s3, bucket):
    s3.try_out()
    assert is_empty(bucket)


# --- What can go wrong at the other end --------------------------------------------------------------


def every_question(store: S3Store):
    return {
        "keep": lambda: store.keep([BYTES], limit=100),
        "keep in parts": lambda: store.keep(in_pieces(LARGE), limit=len(LARGE)),
        "open": lambda: store.open(DIGEST).read(),
        "as_file": lambda: store.as_file(DIGEST).__enter__(),
        "digest_now": lambda: store.digest_now(DIGEST),
        "address_of": lambda: store.address_of(DIGEST, "m.onnx"),
        "try_out": store.try_out,
        "clear_abandoned": store.clear_abandoned,
    }


def refusals_of(store: S3Store, *, but: tuple[str, ...] = ()) -> set[str]:
    """What each question is refused with; none may pass, none may raise anything but a StoreError."""
    said = set()
    for name, ask in every_question(store).items():
        if name not in but:
            with pytest.raises(StoreError) as refused:
                ask()
            assert not isinstance(refused.value, BytesGone) or name == "address_of", name
            assert refused.value.reason.remedy, name
            said.add(refused.value.reason.text)
    return said


def test_a_bucket_that_is_not_there_is_named(bucket, lent):
    said = refusals_of(S3Store.at("s3://no-such-bucket/desk", lent=lent), but=("address_of",))
    assert said == {"There is no bucket no-such-bucket."}


def test_a_closed_bucket_is_said_to_be_closed(s3, bucket):
    s3.keep([BYTES], limit=100)
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", '
        f'"Resource": ["arn:aws:s3:::{bucket.name}/*"]}}]}}'
    )
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=policy)
    try:
        with pytest.raises(ClientError):
            bucket.read(KEY)
        for ask in (lambda: s3.open(DIGEST), lambda: s3.digest_now(DIGEST), lambda: s3.keep([b"new"], limit=100)):
            with pytest.raises(StoreError, match="doesn't let Assaydesk") as refused:
                ask()
            assert "s3:GetObject" in refused.value.reason.remedy
            assert refused.value.status == 503
    finally:
        bucket.client.delete_bucket_policy(Bucket=bucket.name)


def test_an_endpoint_that_is_away_is_said_to_be_away(lent, monkeypatch, bucket):
    wire = Wire(0)
    wire.cut()
    use_endpoint(monkeypatch, f"http://127.0.0.1:{wire.port}")
    said = refusals_of(S3Store.at("s3://models/desk", lent=lent))
    assert said == {"The artifact store (S3) can't be reached, or broke off."}


def test_an_endpoint_that_goes_away_in_the_middle_of_an_upload(lent, monkeypatch, bucket):
    """Nothing is stored; what was sent stays behind unfinished and is cleared away a day later."""
    wire = Wire(urlsplit(bucket.endpoint).port)
    use_endpoint(monkeypatch, f"http://127.0.0.1:{wire.port}")
    cut_off = S3Store.at("s3://models/desk", lent=lent)

    def chunks():
        yield LARGE[: PART_BYTES + 1]
        wire.cut()
        yield LARGE[PART_BYTES + 1 :]

    with pytest.raises(StoreError, match="broke off"):
        cut_off.keep(chunks(), limit=len(LARGE))
    assert bucket.keys() == []
    assert len(bucket.uploads()) == 1

    use_endpoint(monkeypatch, bucket.endpoint)
    # moto says of every upload that it began in 2010, so this is a day later already.
    assert cut_off.clear_abandoned() == 1
    assert is_empty(bucket)


def test_an_endpoint_that_goes_away_in_the_middle_of_a_download(lent, monkeypatch, bucket):
    bucket.write(LARGE_KEY, LARGE)
    wire = Wire(urlsplit(bucket.endpoint).port)
    use_endpoint(monkeypatch, f"http://127.0.0.1:{wire.port}")
    store = S3Store.at("s3://models/desk", lent=lent)
    stream = store.open(LARGE_DIGEST)
    stream.read(10)
    wire.cut()
    with pytest.raises(StoreError, match="broke off"):
        stream.read()


def test_an_object_left_between_upload_and_move_is_cleared_away_and_others_stay(s3, bucket):
    s3.keep([BYTES], limit=100)
    bucket.write("desk/incoming/left", b"by a process that was killed")
    bucket.write("other/incoming/theirs", b"of another installation")
    assert s3.clear_abandoned() == 0, "it might still be on its way"
    with time_machine.travel("2099-01-01"):
        assert s3.clear_abandoned() == 1
    assert sorted(bucket.keys()) == sorted([KEY, "other/incoming/theirs"])
