"""Stored files are read again by themselves: damage is found once, told once, and its mending noted."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from audit.models import AuditEvent
from registry.actions.clearing import clear_store, queue_due_clearing
from registry.actions.integrity import TASK, check_integrity, give_up_check, queue_due_check
from registry.models import ArtifactFile, IntegrityCheck, Version
from registry.queries import stored_intact
from registry.stores import StoreError, store
from registry.tasks import check_integrity_task
from tests.audit.own_database import _migrated, own_database
from tests.factories import model_named, personas, version_of
from work.actions import claim
from work.models import Job, Mail

__all__ = ["_migrated", "own_database"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> Version:
    personas()
    return version_of(model_named())


@pytest.fixture
def stored(version, settings) -> Path:
    return next(Path(settings.ARTIFACT_DIR).rglob(version.files.get().sha256))


def later(hours: float = 25):
    return time_machine.travel(timezone.now() + timedelta(hours=hours))


def read_again(after: float = 25) -> Job | None:
    """A day passes, the sweeper goes its round and a worker does what it queued."""
    with later(after):
        job = queue_due_check()
        if job is not None:
            check_integrity(claim(job.pk))
    return job


def damage(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"!" + path.read_bytes()[1:])


def events(verb: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb=verb).order_by("pk"))


def test_a_version_is_read_again_a_day_after_it_was_finalised(version):
    assert stored_intact(Version.objects.get(pk=version.pk)) is None
    assert read_again(after=23.9) is None
    assert read_again(after=24.1) is not None
    assert stored_intact(Version.objects.get(pk=version.pk)) is True
    assert not events("version.damaged")


def test_the_next_reading_is_due_a_day_after_the_last(version):
    read_again()
    with later(25 + 23):
        assert queue_due_check() is None
    with later(25 + 25):
        assert queue_due_check() is not None


def test_a_changed_byte_is_found_noted_and_told_to_operators(version, stored):
    damage(stored)
    read_again()
    assert stored_intact(Version.objects.get(pk=version.pk)) is False
    assert IntegrityCheck.objects.get().damaged == ["model.onnx"]
    [event] = events("version.damaged")
    assert (event.actor, event.after, event.subject_name) == ("", {"damaged": ["model.onnx"]}, str(version))
    [mail] = Mail.objects.all()
    assert mail.recipient.startswith("omar@")
    assert "model.onnx" in mail.text
    assert f"/models/loan/versions/{version.number}/" in mail.text


def test_a_file_that_is_gone_is_damage(version, stored):
    stored.unlink()
    read_again()
    assert stored_intact(Version.objects.get(pk=version.pk)) is False


def test_a_list_of_files_changed_behind_the_registry_s_back_is_damage(version):
    ArtifactFile.objects.filter(version=version).update(path="other.onnx")
    read_again()
    assert IntegrityCheck.objects.get().damaged == ["the list of files"]


def test_the_same_damage_is_noted_and_told_once(version, stored):
    damage(stored)
    for days in range(3):
        read_again(after=25 * (days + 1))
    assert len(events("version.damaged")) == 1
    assert Mail.objects.count() == 1
    check = IntegrityCheck.objects.get()
    assert check.checked_at - check.since > timedelta(hours=49)


def test_mending_is_noted_and_damage_after_it_is_new(version, stored):
    content = stored.read_bytes()
    damage(stored)
    read_again()
    store().keep([content], limit=len(content))
    read_again(after=50)
    assert stored_intact(Version.objects.get(pk=version.pk)) is True
    [mended] = events("version.files_mended")
    assert mended.before == {"damaged": ["model.onnx"]}
    damage(stored)
    read_again(after=75)
    assert len(events("version.damaged")) == 2
    assert Mail.objects.count() == 2


def test_versions_are_read_one_at_a_time_the_longest_waiting_first(version):
    second = version_of(model_named("second"))
    with later():
        first_job = queue_due_check()
        assert first_job.subject == f"version:{version.pk}"
        assert queue_due_check() is None
        check_integrity(claim(first_job.pk))
        assert queue_due_check().subject == f"version:{second.pk}"


def test_an_open_version_is_not_read(version):
    version_of(version.model, final=False)
    assert IntegrityCheck.objects.count() == 1


def test_nothing_due_costs_one_query(version, django_assert_num_queries):
    with django_assert_num_queries(1):
        queue_due_check()
    Job.objects.all().delete()
    queue_due_clearing()
    with django_assert_num_queries(1):
        queue_due_clearing()


def test_a_store_that_can_not_be_asked_says_nothing_about_the_bytes(version, monkeypatch):
    read_again()

    def away(*_):
        raise StoreError("away")

    monkeypatch.setattr("registry.stores.local.LocalStore.digest_now", away)
    with later(50):
        job = queue_due_check()
        check_integrity_task(job.pk)
        job.refresh_from_db()
        assert (job.state, "away" in job.error) == (Job.State.QUEUED, True)
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        give_up_check(claim(job.pk))
        assert queue_due_check() is None
    with later(51.1):
        assert queue_due_check() is not None
    assert stored_intact(Version.objects.get(pk=version.pk)) is True
    assert not events("version.damaged")


def test_two_sweepers_queue_one_reading(own_database):
    def world():
        personas()
        version_of(model_named())
        IntegrityCheck.objects.update(due_at=timezone.now())

    own_database.do(world)
    results = own_database.together([queue_due_check] * 4)
    assert not [result for result in results if isinstance(result, Exception)], results
    assert own_database.do(lambda: Job.objects.filter(task=TASK).count()) == 1


def test_once_a_day_what_broken_uploads_left_is_removed(settings, version):
    incoming = Path(settings.ARTIFACT_DIR) / "incoming"
    left = incoming / "left"
    left.write_bytes(b"by a process that was killed")
    clear_store(claim(queue_due_clearing().pk))
    assert left.exists(), "it might still be on its way"
    assert queue_due_clearing() is None
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        clear_store(claim(queue_due_clearing().pk))
    assert not left.exists()
    assert stored_intact(Version.objects.get(pk=version.pk)) is None
    assert store().digest_now(version.files.get().sha256) == version.files.get().sha256
