"""Files of a version: checked on the way in, fixed for good when it is final."""

import hashlib
import subprocess

import pytest
from django.db.models import ProtectedError

from accounts.reasons import Conflict, Invalid, TooLarge
from audit.models import AuditEvent
from registry.actions import add_artifact_file, finalise_version
from registry.models import ArtifactFile, Version
from registry.stores import store

BYTES = b"an artifact"
DIGEST = hashlib.sha256(BYTES).hexdigest()
BAD_PATHS = [
    *("", ".", "..", "/", "./x", "../x", "a/../x", "a/../../x", "a/..", "x/.", "a//b", "a/", "/etc/passwd", "//host/s"),
    *(
        "..\\x",
        "a\\..\\x",
        "C:\\x",
        "C:x",
        "\\\\host\\s",
        "~/x",
        "x\0.onnx",
        "x\n.onnx",
        "x\r\nX-Evil: 1",
        "\u202egpj.exe",
    ),
    *("%2e%2e/x", "..%2fx", "%252e%252e%252fx", "a;/../x", "file:///etc/passwd", "x?y", "x#y", "x y", "-rf", "$(id)"),
    *(".hidden", "a/.git/config", "ä.onnx", "\uff0e\uff0e/x", "a" * 301, "`id`", "x|y", "x*", "<script>", "'", '"'),
]


@pytest.fixture
def added(version, dana):
    def add(path="model.onnx", chunks=(BYTES,), **more):
        return add_artifact_file(version, path, chunks, actor=dana, **more)

    return add


def store_is_empty() -> bool:
    root = store()._root
    return not [path for path in root.rglob("*") if path.is_file()]


def nothing_noted() -> bool:
    return not ArtifactFile.objects.exists() and not AuditEvent.objects.filter(verb="version.file_uploaded").exists()


def test_a_file_is_noted_with_the_digest_of_its_bytes(added, version):
    file = added(expected_sha256=DIGEST)
    assert (file.path, file.size, file.sha256) == ("model.onnx", len(BYTES), DIGEST)
    with store().open(DIGEST) as stream:
        assert stream.read() == BYTES
    event = AuditEvent.objects.get(verb="version.file_uploaded")
    assert (event.actor, event.after["sha256"], event.model_name) == ("dana", DIGEST, "loan")


def test_bytes_that_do_not_match_their_digest_are_refused(added):
    announced = hashlib.sha256(b"other bytes").hexdigest()
    with pytest.raises(Invalid) as refused:
        added(expected_sha256=announced)
    assert refused.value.reason.code == "digest_mismatch"
    assert DIGEST in refused.value.reason.text
    assert announced in refused.value.reason.text
    assert nothing_noted()


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(added, settings):
    settings.MAX_ARTIFACT_BYTES = 8
    with pytest.raises(TooLarge) as refused:
        added(chunks=[b"12345", b"6789"])
    assert (refused.value.status, refused.value.reason.code) == (413, "too_large")
    assert "MAX_ARTIFACT_BYTES" in refused.value.reason.remedy
    assert nothing_noted()
    assert store_is_empty()


def test_a_file_of_exactly_the_limit_is_taken(added, settings):
    settings.MAX_ARTIFACT_BYTES = 8
    assert added(chunks=[b"12345678"]).size == 8


@pytest.mark.parametrize("path", BAD_PATHS, ids=ascii)
def test_a_path_that_could_lead_somewhere_is_refused_before_a_byte_is_read(added, path):
    def unread():
        raise AssertionError("read though the path is bad")
        yield b""

    with pytest.raises(Invalid) as refused:
        added(path, unread())
    assert refused.value.reason.code == "bad_path"
    assert nothing_noted()


@pytest.mark.parametrize("path", ["model.onnx", "a/b/c.txt", "MLmodel", "v1.2_x-y+z@k=1.json", "a" * 300, "a..b"])
def test_a_plain_path_is_taken(added, path):
    assert added(path).path == path


def test_the_same_path_again_replaces_the_file_until_the_version_is_final(added, version):
    added()
    again = added(chunks=[b"mended"])
    assert [file.sha256 for file in version.files.all()] == [again.sha256]
    assert AuditEvent.objects.filter(verb="version.file_uploaded").count() == 2


def test_a_final_version_takes_no_file(added, version, dana):
    added()
    finalise_version(version, actor=dana)
    version.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        added("more.txt")
    assert refused.value.reason.code == "version_final"
    assert [file.path for file in version.files.all()] == ["model.onnx"]


def test_a_version_finalised_while_the_bytes_come_in_takes_none_of_them(added, version, dana):
    """The caller's version object is stale by then; the row decides."""
    added()

    def while_uploading():
        yield b"slow "
        finalise_version(Version.objects.get(pk=version.pk), actor=dana)
        yield b"upload"

    with pytest.raises(Conflict):
        added("more.txt", while_uploading())
    assert [file.path for file in version.files.all()] == ["model.onnx"]


def test_finalising_without_a_file_is_refused(version, dana):
    with pytest.raises(Invalid, match="Upload its artifact first"):
        finalise_version(version, actor=dana)
    assert not Version.objects.get().is_final


def test_a_version_is_finalised_once(added, version, dana):
    added()
    finalise_version(version, actor=dana)
    with pytest.raises(Conflict, match="is final"):
        finalise_version(version, actor=dana)
    assert AuditEvent.objects.filter(verb="version.finalised").count() == 1


def test_of_parallel_finalisings_one_counts(own_database):
    from tests.factories import model_named, version_of

    pk = own_database.do(lambda: version_of(model_named(), final=False).pk)

    def finalise():
        version = Version.objects.select_related("registered_by").get(pk=pk)
        return finalise_version(version, actor=version.registered_by).pk

    results = own_database.together([finalise] * 4)
    assert [result for result in results if not isinstance(result, Conflict)] == [pk]


def test_the_artifacts_digest_is_what_sha256sum_says_of_the_files(added, version, dana, tmp_path):
    contents = {"model.onnx": b"m", "a/weights.bin": b"w", "Zeta.txt": b"z", "a.txt": b""}
    for path, content in contents.items():
        added(path, [content])
        (tmp_path / "copy" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / path).write_bytes(content)
    final = finalise_version(version, actor=dana)
    told = subprocess.run(
        ["/usr/bin/env", "sha256sum", *sorted(contents)], cwd=tmp_path / "copy", capture_output=True, check=True
    ).stdout
    assert final.artifact_digest == hashlib.sha256(told).hexdigest()
    assert final.artifact_size == 3


@pytest.mark.parametrize("change", ["a byte", "a name", "a file more"])
def test_another_set_of_files_has_another_digest(loan, dana, change):
    from tests.registry.conftest import registered

    def digest_of(files):
        version = registered(loan, dana)
        for path, content in files.items():
            add_artifact_file(version, path, [content], actor=dana)
        return finalise_version(version, actor=dana).artifact_digest

    base = {"model.onnx": b"m", "a.txt": b"t"}
    other = {
        "a byte": {**base, "a.txt": b"T"},
        "a name": {"model.onnx": b"m", "b.txt": b"t"},
        "a file more": {**base, "c": b""},
    }[change]
    assert digest_of(base) == digest_of(base)
    assert digest_of(base) != digest_of(other)


def test_a_version_with_files_is_not_deleted(added, version):
    added()
    with pytest.raises(ProtectedError):
        version.delete()
