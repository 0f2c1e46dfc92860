"""Where a version's life meets its promotions. Doors call these, never the registry's own functions."""

from typing import BinaryIO

from django.db import transaction

from accounts.models import User
from approvals import lifecycle
from approvals.actions.opening import open_promotion
from approvals.actions.progress import advance, lock_promotion, recheck
from approvals.actions.queueing import queue_again
from approvals.models import OPEN_STATES, Outcome, Promotion
from approvals.queries import policy_in_force
from approvals.standing import current_runs, document_of
from evidence.actions import hand_in_predictions
from evidence.artifacts import check_artifact_format
from evidence.models import Evaluation, LockedDataset
from registry import actions as registry_actions
from registry.cards import accepted_card
from registry.models import CardRevision, Stage, Version


def finalise_version(version: Version, *, actor: User) -> tuple[Version, list[Promotion]]:
    """Fixes the version and opens the promotion to Staging, if the policy says that it opens by itself.

    Raises Invalid for a file that isn't what its version says: a pickle offered as ONNX is named here already.
    Raises Conflict for one whose bytes retention took away between its upload and now.
    """
    registry_actions.check_files_are_kept(version)
    check_artifact_format(version)
    return _finalise_version(version, actor=actor)


@transaction.atomic
def _finalise_version(version: Version, *, actor: User) -> tuple[Version, list[Promotion]]:
    lifecycle.lock_model(version.model_id)  # before the version's own lock, as everywhere
    version = registry_actions.finalise_version(version, actor=actor)
    revision = policy_in_force(version.model, Stage.STAGING)
    if revision is None or revision.document.get("opens") != "on_finalize":
        return version, []
    promotion = open_promotion(
        version,
        to_stage=Stage.STAGING,
        actor=actor,
        reason="Opened by the policy when the version was finalised.",
        # A pipeline may finalise what a person registered themselves: then it acts for that person. A person acts
        # for nobody, even on what a pipeline registered for them.
        on_behalf_of=(version.on_behalf_of or version.registered_by) if actor.is_service else None,
    )
    return version, [promotion]


def revise_card(version: Version, *, text: str, actor: User, written_on: str | None = None) -> CardRevision:
    """A new wording of the card; gates that read cards run again in the version's open promotions.

    `written_on` is the digest of the revision the words were written on ("" for none): Conflict when there is another.
    """
    kept = accepted_card(text)  # before the transaction: taking a large card apart takes seconds
    return _revise_card(version, text=kept, actor=actor, written_on=written_on)


@transaction.atomic
def _revise_card(version: Version, *, text: str, actor: User, written_on: str | None) -> CardRevision:
    lifecycle.lock_model(version.model_id)  # before the version's own lock, as everywhere
    before = version.card_revisions.count()
    revision = registry_actions.store_card_revision(version, text=text, actor=actor, written_on=written_on)
    if version.card_revisions.count() > before:
        _run_again(version, part="card", because=f"card revision {revision.number}")
    return revision


@transaction.atomic
def review_card(revision: CardRevision, *, actor: User) -> CardRevision:
    """Notes that the actor stands by this revision; gates that ask for it run again in open promotions.

    Raises Conflict for who wrote in the card since its last review, and for a revision that was reviewed already.
    """
    lifecycle.lock_model(revision.version.model_id)  # before the promotions' own locks, as everywhere
    marked = registry_actions.mark_card_reviewed(revision, actor=actor)
    _run_again(revision.version, part="card_review", because=f"card revision {revision.number} was reviewed")
    return marked


def take_predictions(version: Version, locked: LockedDataset, stream: BinaryIO, *, actor: User) -> Evaluation:
    """Predictions made elsewhere; gates that waited for such evidence run again in open promotions."""
    evaluation = hand_in_predictions(version, locked, stream, actor=actor)
    with transaction.atomic():
        _run_again(version, part="evidence", because=f"predictions for {locked}", only_without_evidence=True)
    return evaluation


def _run_again(version: Version, *, part: str, because: str, only_without_evidence: bool = False) -> None:
    for pk in (
        Promotion.objects.filter(version=version, state__in=OPEN_STATES).order_by("pk").values_list("pk", flat=True)
    ):
        promotion = lock_promotion(pk)
        document = document_of(promotion)
        keys = {
            run.key
            for run in current_runs(promotion)
            if part in document.gate(run.key).gate.rests_on
            and not (only_without_evidence and run.outcome not in {Outcome.ERROR, Outcome.PENDING})
        }
        if keys or part == "card":
            recheck(promotion)
            queue_again(promotion, keys, because=because)
            advance(promotion)
