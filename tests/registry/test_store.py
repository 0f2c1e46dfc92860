"""The store: bytes under their SHA-256, whole or not at all, read-only."""

import hashlib
import shutil
from collections import namedtuple

import pytest

from registry.stores import StoreError
from registry.stores.base import TooManyBytes
from registry.stores.local import LocalStore

BYTES = b"some bytes of a model"
DIGEST = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "artifacts"


@pytest.fixture
def local(root):
    return LocalStore(root)


def files_in(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_bytes_lie_under_their_digest_for_reading_only(local, root):
    stored = local.keep([BYTES[:5], BYTES[5:]], limit=100)
    assert (stored.sha256, stored.size) == (DIGEST, len(BYTES))
    assert files_in(root) == [f"sha256/{DIGEST[:2]}/{DIGEST}"]
    place = root / "sha256" / DIGEST[:2] / DIGEST
    assert place.read_bytes() == BYTES
    assert place.stat().st_mode & 0o777 == 0o400
    for folder in (place.parent, root / "incoming"):
        assert folder.stat().st_mode & 0o077 == 0


def test_nothing_at_all_is_a_file_too(local, root):
    assert local.keep([], limit=0).sha256 == hashlib.sha256(b"").hexdigest()


def test_the_same_bytes_are_kept_once(local, root):
    assert local.keep([BYTES], limit=100) == local.keep([BYTES], limit=100)
    assert len(files_in(root)) == 1


def test_keeping_bytes_again_mends_damaged_ones(local, root):
    local.keep([BYTES], limit=100)
    place = root / "sha256" / DIGEST[:2] / DIGEST
    place.chmod(0o600)
    place.write_bytes(b"damaged")
    assert local.digest_now(DIGEST) == hashlib.sha256(b"damaged").hexdigest()
    local.keep([BYTES], limit=100)
    assert local.digest_now(DIGEST) == DIGEST


def test_the_limit_is_allowed_and_one_byte_more_is_not(local, root):
    assert local.keep([BYTES], limit=len(BYTES)).size == len(BYTES)
    with pytest.raises(TooManyBytes):
        local.keep([BYTES, b"!"], limit=len(BYTES))
    assert len(files_in(root)) == 1


def test_reading_stops_at_the_limit(local):
    """Somebody who sends without end is cut off, not listened to."""
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield b"x" * 10

    with pytest.raises(TooManyBytes):
        local.keep(endless(), limit=25)
    assert len(taken) == 3


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), KeyboardInterrupt(), ValueError("torn")])
def test_an_upload_that_breaks_off_leaves_nothing(local, root, error):
    def torn():
        yield BYTES
        raise error

    expected = StoreError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        local.keep(torn(), limit=100)
    assert files_in(root) == []


def test_a_full_disk_is_said_before_the_last_byte_of_it_is_used(local, root, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(StoreError, match="disk is full"):
        local.keep([BYTES], limit=100)
    assert files_in(root) == []


def test_a_store_that_can_not_be_written_to_says_so(tmp_path):
    (tmp_path / "artifacts").write_text("a file where a folder should be")
    with pytest.raises((StoreError, OSError)):
        LocalStore(tmp_path / "artifacts").keep([BYTES], limit=100)


@pytest.mark.parametrize(
    "digest",
    ["", "abc", "../../etc/passwd", "/etc/passwd", DIGEST.upper(), DIGEST + "0", DIGEST[:-1] + "/", DIGEST[:-1] + "\0"],
)
def test_only_a_digest_is_a_place(local, digest):
    with pytest.raises(StoreError):
        local.open(digest)
    assert local.digest_now(digest) is None
    with pytest.raises(StoreError), local.as_file(digest):
        pass


def test_bytes_that_are_gone_are_named(local):
    with pytest.raises(StoreError, match=DIGEST):
        local.open(DIGEST)
    assert local.digest_now(DIGEST) is None


def test_bytes_can_be_lent_as_a_file(local):
    local.keep([BYTES], limit=100)
    with local.as_file(DIGEST) as path:
        assert path.read_bytes() == BYTES
