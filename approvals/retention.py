"""Which versions' bytes may be given up. Rows, digests and the record always stay.

It lies here, above the registry, because promotions and evidence have their say.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.reasons import Reason
from approvals.models import OPEN_STATES, Promotion
from evidence.models import Comparison, Evaluation, LockedDataset
from registry.models import ArtifactFile, FilesRemoval, Stage, StageTerm, Version


def maybe_removable(before: datetime) -> QuerySet[Version]:
    """Versions worth asking `why_not_remove_files` about: final before that moment, with bytes, never live."""
    live = StageTerm.objects.filter(version=OuterRef("pk"), stage=Stage.PRODUCTION)
    removed = FilesRemoval.objects.filter(version=OuterRef("pk"))
    old = Version.objects.filter(finalised_at__lt=before, stage__in=(Stage.NONE, Stage.ARCHIVED))
    return old.exclude(Exists(live)).exclude(Exists(removed)).select_related("model").order_by("pk")


def why_not_remove_files(version: Version, *, before: datetime) -> Reason | None:
    """Why a version's bytes must be kept. `before`: nothing may have happened to it since."""
    if version.stage == Stage.PRODUCTION or version.terms.filter(stage=Stage.PRODUCTION).exists():
        return Reason("was_live", f"{version} is or was in Production; its files are kept for good.")
    if version.stage == Stage.STAGING:
        return Reason("in_staging", f"{version} is in Staging.", "Archive it first.")
    promotions = Promotion.objects.filter(version=version)
    if promotions.filter(state__in=OPEN_STATES).exists():
        return Reason("promotion_open", f"{version} has an open promotion.", "Withdraw it first.")
    if FilesRemoval.objects.filter(version=version).exists():
        return Reason("files_removed", f"The files of {version} were removed already.")
    moved = version.terms.filter(started_at__gte=before).exists() or version.terms.filter(ended_at__gte=before).exists()
    decided = promotions.filter(closed_at__gte=before).exists()
    if version.finalised_at is None or version.finalised_at >= before or moved or decided:
        return Reason("too_young", f"Something happened to {version} since {before:%Y-%m-%d %H:%M}.")
    return None


def is_needed(sha256: str) -> bool:
    """Whether bytes belong to something whose files are kept: a version, locked data, predictions, a comparison."""
    of_versions = ArtifactFile.objects.filter(sha256=sha256, version__files_removal=None)
    return (
        of_versions.exists()
        or LockedDataset.objects.filter(Q(digest=sha256) | Q(rows_digest=sha256)).exists()
        or Evaluation.objects.filter(predictions_digest=sha256).exists()
        or Comparison.objects.filter(outcomes_digest=sha256).exists()
    )
