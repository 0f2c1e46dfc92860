from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from approvals import lifecycle
from approvals.retention import is_needed, maybe_removable, why_not_remove_files
from audit.actions import record
from registry import events
from registry.models import FilesRemoval, IntegrityCheck, Version
from registry.stores import store
from registry.subjects import version_subject


def remove_artifacts(*, before: datetime, actor: User | None, reason: str) -> list[Version]:
    """Removes the bytes of every version that may go and to which nothing happened since `before`.

    First each version's row and event, then its bytes: stopped in between, the next call finishes. Bytes that
    something else still needs stay. Raises StoreError when the store can't be used; what was noted stays noted.
    """
    removed = [
        version
        for version in maybe_removable(before)
        if why_not_remove_files(version, before=before) is None
        and _give_up(version, before=before, actor=actor, reason=reason)
    ]
    finish_removals()
    return removed


@transaction.atomic
def _give_up(version: Version, *, before: datetime, actor: User | None, reason: str) -> bool:
    """Judges again under the lock that opening a promotion takes as well; False when it must stay after all."""
    lifecycle.lock_model(version.model_id)
    version = Version.objects.select_for_update(of=("self",)).select_related("model").get(pk=version.pk)
    if why_not_remove_files(version, before=before) is not None:
        return False
    FilesRemoval.objects.create(version=version, removed_by=actor.username if actor else "")
    IntegrityCheck.objects.filter(version=version).update(due_at=None)
    kept = {"artifact": version.artifact_digest, "size": version.artifact_size}
    record(events.FILES_REMOVED, version_subject(version), actor=actor, before=kept, reason=reason)
    return True


def finish_removals() -> None:
    """Removes the bytes of versions that were given up and not finished with. Safe to call twice at once."""
    for removal in FilesRemoval.objects.filter(finished_at=None).order_by("pk"):
        for sha256 in removal.version.files.values_list("sha256", flat=True):
            if not is_needed(sha256):
                store().remove(sha256)
        FilesRemoval.objects.filter(pk=removal.pk, finished_at=None).update(finished_at=timezone.now())
