"""Giving up old bytes: never what was live, never what somebody else needs, and never half."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.reasons import Conflict
from approvals.actions import open_promotion, publish_policy, withdraw_promotion
from approvals.actions.operating import archive_version, deprecate_version
from approvals.actions.retention import finish_removals, remove_artifacts
from approvals.intake import finalise_version
from approvals.models import Promotion
from audit.models import AuditEvent
from evidence.actions import compare_evaluations
from evidence.models import Evaluation
from registry.actions import add_artifact_file
from registry.actions.integrity import queue_due_check
from registry.models import FilesRemoval, IntegrityCheck, Stage, Version
from registry.queries import production_history
from registry.stores import StoreError, store
from tests import factories
from tests.api.caller import Caller, problem_of

DAYS = 30


@pytest.fixture
def dana(loan):
    return factories.persona("dana")


def version_with(loan, content: bytes) -> Version:
    """A registered version whose one file holds these bytes, and no promotion."""
    version = factories.version_of(loan, final=False)
    version.files.all().delete()
    add_artifact_file(version, "model.onnx", [content], actor=factories.persona("dana"))
    from registry.actions import finalise_version

    return finalise_version(version, actor=factories.persona("dana"))


def waiting_for_a_person(version: Version) -> Promotion:
    """An open promotion of the version to Staging."""
    document = {"slots": [{"key": "model", "role": "reviewer"}]}
    publish_policy("Seen by one", document, actor=None, target_stage=Stage.STAGING, model=version.model)
    return open_promotion(version, to_stage=Stage.STAGING, actor=factories.persona("dana"))


def digest_of(version: Version) -> str:
    return version.files.get().sha256


def is_stored(version: Version) -> bool:
    return store().digest_now(digest_of(version)) == digest_of(version)


def remove(days: float = DAYS + 1) -> list[Version]:
    """What goes when so many days have passed."""
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        before = timezone.now() - timedelta(days=DAYS)
        return remove_artifacts(before=before, actor=None, reason="Old.")


def test_an_old_version_that_stayed_registered_loses_its_bytes_and_keeps_its_rows(loan):
    version = version_with(loan, b"old")
    assert remove() == [version]
    assert store().digest_now(digest_of(version)) is None
    assert version.files.count() == 1
    removal = FilesRemoval.objects.get()
    assert (removal.version, removal.finished_at is not None) == (version, True)
    event = AuditEvent.objects.get(verb="version.files_removed")
    assert (event.subject_name, event.before["artifact"], event.reason) == (
        str(version),
        version.artifact_digest,
        "Old.",
    )


def test_a_young_version_keeps_its_bytes(loan):
    version = version_with(loan, b"young")
    assert remove(DAYS - 1) == []
    assert is_stored(version)


def test_an_archived_one_goes_when_it_has_been_archived_for_as_long(loan):
    version = version_with(loan, b"archived late")
    omar = factories.persona("omar")
    with time_machine.travel(timezone.now() + timedelta(days=DAYS + 1)):
        archive_version(version, actor=omar, reason="Unused.")
    assert remove(DAYS + 2) == []
    assert remove(2 * DAYS + 2) == [version]


def test_a_deprecated_one_goes_too(loan):
    version = version_with(loan, b"deprecated")
    deprecate_version(version, actor=factories.persona("omar"), reason="Wrong labels.")
    assert remove() == [version]


def test_what_is_in_staging_stays(loan):
    version = factories.version_of(loan)
    assert Version.objects.get(pk=version.pk).stage == Stage.STAGING
    assert remove(1000) == []
    assert is_stored(version)


def test_what_somebody_wants_to_promote_stays(loan, dana):
    version = version_with(loan, b"wanted")
    assert waiting_for_a_person(version).is_open
    assert remove(1000) == []
    assert is_stored(version)


def test_what_was_decided_lately_stays(loan, dana):
    version = version_with(loan, b"withdrawn lately")
    promotion = waiting_for_a_person(version)
    with time_machine.travel(timezone.now() + timedelta(days=DAYS + 1)):
        withdraw_promotion(promotion, actor=dana, reason="Not now.")
    assert remove(DAYS + 2) == []
    assert remove(2 * DAYS + 2) == [version]


def test_whatever_was_live_stays_for_good_so_the_last_three_can_be_loaded(loan):
    lives = [factories.live_version(loan) for _ in range(4)]
    assert len({term.version_id for term in production_history(loan)}) == 4
    archived = [version for version in lives if Version.objects.get(pk=version.pk).stage == Stage.ARCHIVED]
    assert len(archived) == 3
    for version in archived:
        deprecate_version(version, actor=factories.persona("omar"), reason="Tidy.")
    assert remove(10_000) == []
    for version in lives:
        assert is_stored(version)
        with store().as_file(digest_of(version)) as path:
            assert path.stat().st_size == version.files.get().size


def test_bytes_that_another_version_has_as_well_stay(loan, dana):
    old = version_with(loan, b"shared")
    with time_machine.travel(timezone.now() + timedelta(days=DAYS)):
        young = version_with(loan, b"shared")
    assert remove() == [old]
    assert is_stored(young)


def test_bytes_shared_by_versions_that_all_go_are_removed(loan):
    first, second = version_with(loan, b"shared"), version_with(loan, b"shared")
    assert remove() == [first, second]
    assert not is_stored(first)


def test_bytes_of_locked_data_and_of_predictions_stay(loan):
    locked = factories.holdout()
    scored = factories.version_of(loan)
    factories.evidence_of(scored)
    predictions = Evaluation.objects.filter(version=scored).first().predictions_digest
    contents = []
    for digest in (locked.digest, predictions):
        with store().open(digest) as stream:
            contents.append(stream.read())
    same = [version_with(loan, content) for content in contents]
    assert remove() == same
    assert all(is_stored(version) for version in same)


def test_a_version_without_files_is_neither_promoted_nor_fetched(loan, dana):
    version = version_with(loan, b"old")
    remove()
    with pytest.raises(Conflict, match=r"The files of loan .* were removed on 20") as refused:
        open_promotion(version, to_stage=Stage.STAGING, actor=dana)
    assert refused.value.reason.code == "files_removed"
    told = Caller(dana).get(f"/models/loan/versions/{version.number}/artifacts/model.onnx")
    assert "new version" in problem_of(told, 409, "files_removed")["remedy"]
    assert not Promotion.objects.exists()


def test_its_files_are_no_longer_read_again(loan):
    version_with(loan, b"old")
    remove()
    assert IntegrityCheck.objects.get().due_at is None
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        assert queue_due_check() is None


def test_what_was_interrupted_is_finished_by_the_next_call(loan, monkeypatch):
    version = version_with(loan, b"old")

    def away(*_):
        raise StoreError("The artifact store can't be reached.")

    with monkeypatch.context() as broken:
        broken.setattr("registry.stores.local.LocalStore.remove", away)
        with pytest.raises(StoreError):
            remove()
    assert FilesRemoval.objects.get().finished_at is None
    assert is_stored(version), "the row goes first, then the bytes"
    assert remove() == []
    assert not is_stored(version)
    assert FilesRemoval.objects.get().finished_at is not None
    finish_removals()


def test_judged_again_under_the_lock(loan, dana, monkeypatch):
    """Somebody opens a promotion after the list was made and before the row is locked."""
    version = version_with(loan, b"old")
    from approvals import lifecycle

    real = lifecycle.lock_model

    def lock(model_id):
        monkeypatch.setattr(lifecycle, "lock_model", real)
        waiting_for_a_person(version)
        return real(model_id)

    monkeypatch.setattr(lifecycle, "lock_model", lock)
    assert remove() == []
    assert is_stored(version)


def command(*words: str) -> str:
    out = StringIO()
    with time_machine.travel(timezone.now() + timedelta(days=DAYS + 1)):
        call_command("remove_artifacts", "--older-than", str(DAYS), *words, stdout=out)
    return out.getvalue()


def test_the_command_says_what_goes_and_only_says_it_when_asked_to(loan):
    version = version_with(loan, b"old")
    assert "1 versions, 3 bytes would go" in command("--dry-run")
    assert is_stored(version)
    assert f"{version} (version {version.number}): 3 bytes removed" in command()
    assert not is_stored(version)
    assert "0 versions, 0 bytes removed" in command()
    assert "asked for by the account" in AuditEvent.objects.get(verb="version.files_removed").reason


# --- The same bytes needed by something else ------------------------------------------------------------


@pytest.mark.parametrize("kept_as", ["locked file", "locked rows", "predictions", "outcomes"])
def test_bytes_that_evidence_rests_on_stay_when_an_old_version_has_them_too(loan, kept_as):
    compared = compare_evaluations(*(factories.evidence_of(factories.version_of(loan), seed=seed) for seed in (1, 2)))
    evaluation = compared.candidate
    needed = {
        "locked file": evaluation.dataset.digest,
        "locked rows": evaluation.dataset.rows_digest,
        "predictions": evaluation.predictions_digest,
        "outcomes": compared.outcomes_digest,
    }[kept_as]
    with store().open(needed) as stream:
        version = version_with(loan, stream.read())
    assert digest_of(version) == needed
    assert version in remove()
    assert is_stored(version)


# --- The same bytes uploaded while they are taken away ---------------------------------------------------


def uploaded_while_removed(loan, content: bytes, monkeypatch) -> Version:
    """A version whose file was noted after retention had found its bytes unneeded, and before it took them."""
    version_with(loan, content)
    young = []

    def meanwhile(_: str) -> bool:
        version = factories.version_of(loan, final=False)
        version.files.all().delete()
        add_artifact_file(version, "model.onnx", [content], actor=factories.persona("dana"))
        with pytest.raises(Conflict) as refused:
            finalise_version(version, actor=factories.persona("dana"))
        assert refused.value.reason.code == "bytes_going"
        young.append(version)
        return False

    with monkeypatch.context() as late:
        late.setattr("approvals.actions.retention.is_needed", meanwhile)
        remove()
    return young[0]


def test_a_version_whose_bytes_went_during_its_upload_is_not_finalised_before_they_are_sent_again(
    loan, dana, monkeypatch
):
    version = uploaded_while_removed(loan, b"the same", monkeypatch)
    assert not is_stored(version)
    with pytest.raises(Conflict, match="Upload it again") as refused:
        finalise_version(version, actor=dana)
    assert refused.value.reason.code == "bytes_gone"
    add_artifact_file(version, "model.onnx", [b"the same"], actor=dana)
    assert finalise_version(version, actor=dana)[0].is_final
    assert remove() == []
    assert is_stored(version)
