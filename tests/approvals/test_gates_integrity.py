from pathlib import Path
from typing import Any

import pytest

from registry.actions import add_artifact_file
from registry.models import ArtifactFile, Model, Version
from tests import factories
from tests.approvals.judging import judge


@pytest.fixture
def stored(version: Version, settings: Any) -> Path:
    """Where the bytes of the version's file lie."""
    return next(Path(settings.ARTIFACT_DIR).rglob(version.files.get().sha256))


def test_bytes_as_registered_pass(version: Version) -> None:
    run = judge(version, "integrity")
    assert run.outcome == "passed"
    assert run.summary == f"1 file, {version.files.get().size} bytes, as registered"


def test_one_changed_byte_fails_and_names_the_file(version: Version, stored: Path) -> None:
    content = bytearray(stored.read_bytes())
    content[3] ^= 1
    stored.chmod(0o600)
    stored.write_bytes(content)
    run = judge(version, "integrity")
    assert run.outcome == "failed"
    assert run.summary == "Changed or gone in the store: model.onnx."
    assert run.details["damaged"] == ["model.onnx"]


def test_a_file_that_is_gone_fails(version: Version, stored: Path) -> None:
    stored.unlink()
    assert judge(version, "integrity").outcome == "failed"


def test_a_file_that_was_slipped_in_or_renamed_behind_the_registry_s_back_fails(version: Version) -> None:
    ArtifactFile.objects.filter(version=version).update(path="other.onnx")
    run = judge(version, "integrity")
    assert run.outcome == "failed"
    assert "the list of files" in run.summary


def test_every_file_is_read(loan: Model, settings: Any) -> None:
    version = factories.version_of(loan, final=False)
    add_artifact_file(version, "tokens/vocabulary.txt", [b"a b c"], actor=factories.persona("dana"))
    from approvals.intake import finalise_version

    finalise_version(version, actor=factories.persona("dana"))
    version.refresh_from_db()
    stored = next(Path(settings.ARTIFACT_DIR).rglob(version.files.get(path="tokens/vocabulary.txt").sha256))
    stored.unlink()
    run = judge(version, "integrity")
    assert run.details["damaged"] == ["tokens/vocabulary.txt"]
