"""A promotion goes on under another person, or under another revision of its policy."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import demand, refuse_if
from approvals import events
from approvals.actions.gates import void_waiver
from approvals.actions.progress import advance, enter, lock_promotion, recheck
from approvals.actions.queueing import queue_all_anew
from approvals.models import Acknowledgement, PolicyRevision, Promotion, TakeOver, Verdict, Waiver
from approvals.permissions import why_not_restart, why_not_take_over
from approvals.policies import Document
from approvals.queries import policy_in_force
from approvals.standing import document_of
from approvals.subjects import promotion_subject
from approvals.transitions import Event
from audit.actions import record
from registry.queries import primary_version


@transaction.atomic
def take_over_promotion(promotion: Promotion, *, actor: User, reason: str) -> Promotion:
    """Steps in for a requester who left; both stay barred from deciding. Raises Forbidden, Conflict, Invalid."""
    promotion = lock_promotion(promotion.pk)
    refuse_if(why_not_take_over(promotion, as_of_now(actor)))
    reason = demand(reason, "Say why you take it over.")
    now = timezone.now()
    # Who comes back to it a second time is again the last one who took it over.
    TakeOver.objects.update_or_create(promotion=promotion, by=actor, defaults={"reason": reason, "at": now})
    before = {"requester": promotion.requested_by.username}
    subject = promotion_subject(promotion)
    record(events.PROMOTION_TAKEN_OVER, subject, actor=actor, before=before, reason=reason)
    if _took_back_own_marks(promotion, actor):
        recheck(promotion)
        advance(promotion)
    return promotion


def _took_back_own_marks(promotion: Promotion, actor: User) -> bool:
    """Whoever sees to a promotion decides nothing on it, so what they said before counts no more."""
    now, because = timezone.now(), "who gave it took the promotion over"
    approvals = promotion.reviews.filter(reviewer=actor, verdict=Verdict.APPROVE, fell_at=None)
    fell = approvals.update(fell_at=now, fell_because=because)
    fell += promotion.ticks.filter(by=actor, fell_at=None).update(fell_at=now)
    # An acknowledgement has no end of its own; that there was one stays on the record.
    fell += Acknowledgement.objects.filter(gate_run__promotion=promotion, by=actor).delete()[0]
    waivers = Waiver.objects.filter(gate_run__promotion=promotion, by=actor, voided_at=None)
    for waiver in waivers.select_related("gate_run", "by"):
        void_waiver(waiver, promotion, because=because)
        fell += 1
    return fell > 0


@transaction.atomic
def restart_promotion(promotion: Promotion, *, actor: User, reason: str = "") -> Promotion:
    """Begins anew under the policy as it is now: reviews are dismissed, ticks of unchanged items stay.

    Raises Forbidden for who doesn't contribute, Conflict when it is closed or the policy hasn't changed.
    """
    promotion = lock_promotion(promotion.pk)
    newest = policy_in_force(promotion.version.model, promotion.to_stage)
    refuse_if(why_not_restart(promotion, as_of_now(actor), newest))
    assert newest is not None  # why_not_restart refuses then
    before, old = promotion.policy_revision, document_of(promotion)
    reviews = promotion.reviews.filter(verdict=Verdict.APPROVE, fell_at=None)
    reviews.update(fell_at=timezone.now(), fell_because=f"restarted under {newest}")
    promotion.policy_revision = newest
    document = document_of(promotion)
    _keep_ticks(promotion, newest, old, document)
    now = timezone.now()
    enter(
        promotion,
        Event.RESTART,
        policy_revision=newest,
        baseline=primary_version(promotion.version.model),
        review_started_at=None,
        due_at=None,
        expires_at=now + timedelta(days=document.expires_days),
    )
    record(
        events.PROMOTION_RESTARTED,
        promotion_subject(promotion),
        actor=actor,
        before={"policy": str(before)},
        after={"policy": str(newest)},
        reason=reason,
    )
    _void_waivers_of_gone_gates(promotion, document)
    queue_all_anew(promotion, because=f"restarted under {newest}")
    advance(promotion)
    return promotion


def _void_waivers_of_gone_gates(promotion: Promotion, document: Document) -> None:
    asked = [rule.key for rule in document.gates]
    gone = Waiver.objects.filter(gate_run__promotion=promotion, voided_at=None).exclude(gate_run__key__in=asked)
    for waiver in gone.select_related("gate_run", "by"):
        void_waiver(waiver, promotion, because="the policy no longer asks for the gate")


def _keep_ticks(promotion: Promotion, newest: PolicyRevision, old: Document, document: Document) -> None:
    items_before = {item.key: item for item in old.checklist}
    unchanged = {item.key for item in document.checklist if items_before.get(item.key) == item}
    for tick in promotion.ticks.filter(fell_at=None):
        if tick.item in unchanged:
            tick.parts = {**tick.parts, "policy": newest.digest}  # what it says is in the new revision word for word
            tick.save(update_fields=["parts"])
        else:
            tick.fell_at = timezone.now()
            tick.save(update_fields=["fell_at"])
