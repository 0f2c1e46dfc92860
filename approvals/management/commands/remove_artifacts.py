import getpass
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.reasons import Refusal
from approvals.actions.retention import remove_artifacts
from approvals.retention import maybe_removable, why_not_remove_files
from registry.models import Version


class Command(BaseCommand):
    help = "Removes the stored files of old versions that were never in Production; their rows and the record stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS", help="nothing happened since then")
        parser.add_argument("--dry-run", action="store_true", help="only say which")

    def handle(self, *_: Any, older_than: int, dry_run: bool, **__: Any) -> None:
        if older_than < 0:
            raise CommandError("--older-than takes a number of days, 0 or more.")
        before = timezone.now() - timedelta(days=older_than)
        if dry_run:
            asked = maybe_removable(before)
            self._tell(
                [version for version in asked if why_not_remove_files(version, before=before) is None], "would go"
            )
            return
        reason = f"Older than {older_than} days; asked for by the account {getpass.getuser()}."
        try:
            removed = remove_artifacts(before=before, actor=None, reason=reason)
        except Refusal as refusal:
            raise CommandError(f"{refusal} Run it again: it goes on where it stopped.") from refusal
        self._tell(removed, "removed")

    def _tell(self, versions: list[Version], what: str) -> None:
        for version in versions:
            self.stdout.write(f"{version} (version {version.number}): {version.artifact_size:,} bytes {what}")
        size = sum(version.artifact_size for version in versions)
        self.stdout.write(f"{len(versions)} versions, {size:,} bytes {what}")
