from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import Conflict, Invalid, NotFound, refuse_if
from approvals import events, lifecycle
from approvals.actions.progress import advance
from approvals.actions.queueing import queue_gates
from approvals.clock import by_the_clock
from approvals.models import PolicyRevision, Promotion
from approvals.permissions import why_not_open
from approvals.policies import read_document
from approvals.queries import policy_in_force
from approvals.subjects import promotion_subject
from audit.actions import record
from registry.models import Version
from registry.queries import primary_version


@transaction.atomic
def open_promotion(
    version: Version,
    *,
    to_stage: str,
    actor: User,
    reason: str = "",
    on_behalf_of: User | None = None,
    not_before: datetime | None = None,
) -> Promotion:
    """Opens a promotion and queues its gates.

    Raises Forbidden for who may not, Conflict for a move that can't be (naming the path) or one that is open
    already (naming it), NotFound when no policy governs the stage, Invalid when `not_before` is so late that the
    promotion would have expired.
    """
    lifecycle.lock_model(version.model_id)
    version = Version.objects.select_for_update().select_related("model").get(pk=version.pk)
    refuse_if(why_not_open(version, as_of_now(actor), on_behalf_of=on_behalf_of))
    lifecycle.check_move(version, to_stage)
    revision = _policy(version, to_stage)
    days = read_document(revision.document, target_stage=to_stage).expires_days
    expires_at = timezone.now() + timedelta(days=days)
    _check_not_before(not_before, expires_at)
    promotion = _create(
        version=version,
        from_stage=version.stage,
        to_stage=to_stage,
        policy_revision=revision,
        baseline=primary_version(version.model),
        requested_by=actor,
        on_behalf_of=on_behalf_of,
        reason=reason,
        not_before=not_before,
        expires_at=expires_at,
    )
    record(
        events.PROMOTION_OPENED,
        promotion_subject(promotion),
        actor=actor,
        on_behalf_of=on_behalf_of.username if on_behalf_of else "",
        after={"to": to_stage, "policy": str(revision), "baseline": str(promotion.baseline or "")},
        reason=reason,
    )
    queue_gates(promotion)
    advance(promotion)  # waits for the gates; a policy without any goes on at once
    return promotion


def _policy(version: Version, to_stage: str) -> PolicyRevision:
    revision = policy_in_force(version.model, to_stage)
    if revision is None:
        raise NotFound(
            "no_policy",
            f"No policy governs {to_stage} for {version.model.name}.",
            "An administrator publishes one in the admin site, under Policies.",
        )
    return revision


def _create(**facts: Any) -> Promotion:
    try:
        with transaction.atomic():
            return Promotion.objects.create(**facts)
    except IntegrityError as error:
        version, to_stage = facts["version"], facts["to_stage"]
        there = Promotion.objects.filter(version=version, to_stage=to_stage, closed_at=None).first()
        raise Conflict(
            "promotion_open",
            f"A promotion of {version} to {to_stage} is open already: number {there.pk if there else '?'}.",
            promotion=there.pk if there else None,
        ) from error


def _check_not_before(not_before: datetime | None, expires_at: datetime) -> None:
    if not_before is not None and not_before >= expires_at:
        text = f"It is closed as expired on {by_the_clock(expires_at)}, before it may be completed."
        raise Invalid("not_before_too_late", text, "Name an earlier not_before, or open it later.")
