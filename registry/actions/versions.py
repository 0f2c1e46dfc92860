import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.permissions import why_not_act_for
from accounts.reasons import Conflict, Invalid, TooLarge, refuse_if
from audit.actions import record
from registry import events
from registry.contracts import check_contract
from registry.models import ArtifactFile, DatasetVersion, FilesRemoval, IntegrityCheck, Model, Task, Version
from registry.paths import check_path
from registry.permissions import why_not_complete
from registry.pins import check_commit
from registry.stores import BytesGone, StoreError, TooManyBytes, store
from registry.subjects import version_subject

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class NewVersion:
    """What a pipeline says of a version when it registers it. `trained_on` are registered dataset versions.

    A binary version without a threshold of its own decides at `DEFAULT_THRESHOLD`.
    """

    format: str
    features: list[str]
    task: str = Task.BINARY
    label: str = ""
    description: str = ""
    signature: dict[str, Any] = field(default_factory=dict)
    contract: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    framework: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    decision_threshold: float | None = None
    code_repository: str = ""
    code_commit: str = ""
    trained_on: Sequence[DatasetVersion] = ()
    run_id: str = ""
    base_model: Version | None = None
    base_uri: str = ""
    tags: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def register_version(model: Model, new: NewVersion, *, actor: User, on_behalf_of: User | None = None) -> Version:
    """The model's next version, open for files until it is finalised. Numbers come without gap or double.

    Raises Invalid for what can't be right (no features, unpinned code, a contract that doesn't go with the task, a
    service account that acts for nobody) and Conflict for a label that a final version has.
    """
    if actor.is_service and on_behalf_of is None:
        raise Invalid("no_person", "A service account acts on behalf of a person.", "Send on_behalf_of: USERNAME.")
    if (reason := why_not_act_for(actor, on_behalf_of, model)) is not None:
        raise Invalid.because(reason)
    _check(new)
    _refuse_taken_label(model, new.label)
    Model.objects.filter(pk=model.pk).update(versions_registered=F("versions_registered") + 1)
    model.refresh_from_db(fields=["versions_registered"])
    columns = {key: value for key, value in new.__dict__.items() if key != "trained_on"}
    if new.task == Task.BINARY and new.decision_threshold is None:
        columns["decision_threshold"] = DEFAULT_THRESHOLD
    version = Version(
        model=model, number=model.versions_registered, registered_by=actor, on_behalf_of=on_behalf_of, **columns
    )
    version.save()
    version.trained_on.set(new.trained_on)
    record(
        events.VERSION_REGISTERED,
        version_subject(version),
        actor=actor,
        on_behalf_of=on_behalf_of.username if on_behalf_of else "",
        after={"number": version.number, "label": version.label, "format": version.format},
    )
    return version


def _refuse_taken_label(model: Model, label: str) -> None:
    """Only a final version takes its label: one that never got so far must not be in the way of the next attempt."""
    if label and model.versions.filter(label=label, finalised_at__isnull=False).exists():
        remedy = "Give this one another label and register it again."
        raise Conflict("label_taken", f"{model.name} has a version labelled {label} already.", remedy)


def _check(new: NewVersion) -> None:
    if new.task not in Task.values:
        raise Invalid(
            "unknown_task", f"{new.task!r} is no task Assaydesk can judge.", f"Choose from {', '.join(Task.values)}."
        )
    if not new.features or len(set(new.features)) != len(new.features):
        raise Invalid("bad_features", "features must list the inputs in order, each once.", "Name at least one.")
    _check_threshold(new)
    check_contract(new.contract, task=new.task, features=new.features)
    if new.code_commit:
        check_commit(new.code_commit)
    if new.base_model is not None and new.base_uri:
        text = "base_model and base_uri name two bases; a version is derived from one."
        raise Invalid("two_bases", text, "Send base_model for one registered here, base_uri for any other.")
    if len(json.dumps(asdict(new, dict_factory=_plain), default=str)) > 256 * 1024:
        raise Invalid("metadata_too_large", "The version's metadata is over 256 KiB.", "Put large things into files.")


def _check_threshold(new: NewVersion) -> None:
    if new.decision_threshold is None:
        return
    if new.task != Task.BINARY:
        raise Invalid(
            "threshold_without_decision",
            f"A {new.task} model decides by no threshold, but decision_threshold is {new.decision_threshold}.",
            "Leave decision_threshold out.",
        )
    if not 0 <= new.decision_threshold <= 1:
        raise Invalid("bad_threshold", f"decision_threshold must lie between 0 and 1, not {new.decision_threshold}.")


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key not in {"trained_on", "base_model"}}


def add_artifact_file(
    version: Version, path: str, chunks: Iterable[bytes], *, actor: User, expected_sha256: str = ""
) -> ArtifactFile:
    """Streams one file into the store and notes it; the same path again replaces it until the version is final.

    The bytes are stored before the transaction begins: hashing gigabytes under a database lock would stop
    everybody. Raises Conflict on a final version, Invalid for a bad path or bytes that don't match
    `expected_sha256`, TooLarge over the installation's limit, StoreError; then nothing is noted.
    """
    check_path(path)
    refuse_if(why_not_complete(version, actor))
    _refuse_if_final(version)
    try:
        stored = store().keep(chunks, limit=settings.MAX_ARTIFACT_BYTES)
    except TooManyBytes as error:
        raise TooLarge(
            "too_large",
            f"{path} is over the limit of {settings.MAX_ARTIFACT_BYTES:,} bytes.",
            "Ask the administrator to raise MAX_ARTIFACT_BYTES.",
        ) from error
    if expected_sha256 and stored.sha256 != expected_sha256:
        raise Invalid(
            "digest_mismatch",
            f"{path} arrived with SHA-256 {stored.sha256}, not {expected_sha256} as its Content-Digest says.",
            "Send it again; if it happens twice, compute the digest of the file afresh.",
        )
    with transaction.atomic():
        _refuse_if_final(Version.objects.select_for_update().get(pk=version.pk))
        file, _ = ArtifactFile.objects.update_or_create(
            version=version, path=path, defaults={"size": stored.size, "sha256": stored.sha256}
        )
        after = {"path": path, "size": stored.size, "sha256": stored.sha256}
        record(events.FILE_UPLOADED, version_subject(version), actor=actor, after=after)
    return file


def _refuse_if_final(version: Version) -> None:
    if version.is_final:
        raise Conflict("version_final", f"{version} is final; its files can't change.", "Register a new version.")


def check_files_are_kept(version: Version) -> None:
    """Raises Conflict for files whose bytes are gone, or going: another version had the same bytes, and they were
    given up while this one's file was just being noted.

    Once this has passed no removal takes them: one that began before has ended, and a later one sees that they are
    needed. So what is going is asked first, and then what is gone; neither within a transaction.
    """
    digests = list(version.files.values_list("sha256", flat=True))
    if FilesRemoval.objects.filter(finished_at=None, version__files__sha256__in=digests).exists():
        text = f"Bytes that {version} has in common with another version are being removed at this moment."
        raise Conflict("bytes_going", text, "Upload its files again in a minute, then finalise it.")
    for file in version.files.all():
        try:
            store().open(file.sha256).close()
        except BytesGone as gone:
            text = f"The bytes of {file.path} are not in the store any more."
            raise Conflict("bytes_gone", text, "Upload it again, then finalise the version.") from gone
        except StoreError:
            return  # it says nothing about the bytes; the integrity gate asks again


@transaction.atomic
def finalise_version(version: Version, *, actor: User) -> Version:
    """Fixes the version for good: its files become one digest. Doors call `approvals.intake.finalise_version`.

    Raises Invalid without files and Conflict for a label that another version was finalised with meanwhile.
    """
    Model.objects.select_for_update().get(pk=version.model_id)  # of two with one label the second sees the first
    version = Version.objects.select_for_update().select_related("model").get(pk=version.pk)
    _refuse_if_final(version)
    _refuse_taken_label(version.model, version.label)
    files = list(version.files.all())
    if not files:
        raise Invalid("no_files", f"{version} has no files.", "Upload its artifact first: PUT …/artifacts/{path}.")
    version.artifact_digest = manifest_digest(files)
    version.artifact_size = sum(file.size for file in files)
    version.finalised_at = timezone.now()
    version.save(update_fields=["artifact_digest", "artifact_size", "finalised_at"])
    first_reading = version.finalised_at + timedelta(hours=settings.INTEGRITY_HOURS)
    IntegrityCheck.objects.create(version=version, due_at=first_reading)
    after = {"artifact": version.artifact_digest, "size": version.artifact_size, "files": len(files)}
    record(events.VERSION_FINALISED, version_subject(version), actor=actor, after=after)
    return version


def manifest_digest(files: Iterable[ArtifactFile]) -> str:
    """SHA-256 of the lines `sha256  path`, sorted by path: what `sha256sum` prints over the same files."""
    lines = [f"{file.sha256}  {file.path}\n" for file in sorted(files, key=lambda file: file.path)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
