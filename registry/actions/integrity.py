"""Reading stored files again, every so many hours: what was changed or lost behind our back is found and said."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import people_who_may
from accounts.letters import Letter, write_letters
from accounts.roles import OPERATE
from audit.actions import record
from registry import events
from registry.actions.versions import manifest_digest
from registry.models import IntegrityCheck, Version
from registry.stores import store
from registry.subjects import version_subject
from work.actions import Lease, enqueue
from work.models import Job

logger = logging.getLogger(__name__)

TASK = "registry.check_integrity"
#: What is named beside files when the list of files isn't what was registered.
LIST_OF_FILES = "the list of files"
#: When the store couldn't be asked at all, it is asked again after this long.
ASK_AGAIN_AFTER = timedelta(hours=1)


def damaged_files(version: Version) -> list[str]:
    """Paths of the version's files whose stored bytes are gone or changed; reads every byte.

    Raises StoreError when the store can't be asked, which says nothing about the bytes.
    """
    files = list(version.files.all())
    damaged = [file.path for file in files if store().digest_now(file.sha256) != file.sha256]
    return damaged if manifest_digest(files) == version.artifact_digest else [*damaged, LIST_OF_FILES]


def queue_due_check() -> Job | None:
    """Queues the reading of the version that waited longest, unless one is under way: never more than one at a time."""
    due = IntegrityCheck.objects.filter(due_at__lte=timezone.now()).order_by("due_at").first()
    if due is None or Job.objects.filter(task=TASK, state__in=Job.OPEN).exists():
        return None
    try:
        with transaction.atomic():
            return enqueue(TASK, queue="gates", subject=f"version:{due.version_id}")
    except IntegrityError:
        return None  # another sweeper was faster


def check_integrity(lease: Lease) -> None:
    """Reads the files of a job's version and stores what it came to."""
    version = Version.objects.select_related("model").get(pk=lease.key)
    store_result(version, damaged_files(version), lease=lease)


def give_up_check(lease: Lease) -> None:
    """The store couldn't be asked: the last result stays, and it is tried again in an hour."""
    with transaction.atomic():
        IntegrityCheck.objects.filter(version_id=lease.key).update(due_at=timezone.now() + ASK_AGAIN_AFTER)
        lease.finish(error="The artifact store couldn't be asked; it is tried again in an hour.")


@transaction.atomic
def store_result(version: Version, damaged: list[str], *, lease: Lease) -> None:
    """Stores a result. Damage that is new and damage that was mended go on the record; operators are told of it."""
    lease.finish()
    check = IntegrityCheck.objects.select_for_update().get(version=version)
    if check.due_at is None:
        return  # its files were removed meanwhile
    before = check.damaged
    now = timezone.now()
    if check.intact is None or before != damaged:
        check.since = now
    check.checked_at, check.intact, check.damaged = now, not damaged, damaged
    check.due_at = now + timedelta(hours=settings.INTEGRITY_HOURS)
    check.save()
    if set(damaged) - set(before):
        _note_damage(version, check)
    elif before and not damaged:
        record(events.FILES_MENDED, version_subject(version), actor=None, before={"damaged": before})


def _note_damage(version: Version, check: IntegrityCheck) -> None:
    record(events.DAMAGE_FOUND, version_subject(version), actor=None, after={"damaged": check.damaged})
    logger.error("Files of %s are damaged in the store: %s", version, ", ".join(check.damaged))
    letter = Letter(
        kind="damaged",
        subject=f"{version.model.name}: stored files are damaged",
        title=f"Stored files of {version} are not what was registered",
        link=f"{settings.PUBLIC_URL}/models/{version.model.name}/versions/{version.number}/",
        button="Open the version",
        lines=(
            f"{version} is {'live' if version.stage == 'Production' else version.get_stage_display().lower()}. "
            "Whoever fetches it now gets a wrong file, or none.",
            "Restore the artifact store from its backup; the next reading notes that it is mended.",
        ),
        points=[("Changed or gone", path) for path in check.damaged[:20]],
        urgent=True,
    )
    thread = f"damaged-{version.pk}"
    once = f"{thread}-{check.checked_at:%Y%m%d%H%M%S}"
    write_letters(people_who_may(OPERATE, version.model), letter, thread=thread, once=once)
