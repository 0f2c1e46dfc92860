"""Exceptions that people make, and the look at them afterwards."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import Invalid, PromotionMoved, demand, refuse_if
from approvals import events, lifecycle, notifications
from approvals.actions.gates import TIME_ENDED, void_waiver
from approvals.actions.progress import advance, lock_promotion, recheck
from approvals.models import AfterReview, Promotion, Waiver
from approvals.permissions import why_not_decide_after_review, why_not_waive
from approvals.standing import marks_of, run_named
from approvals.subjects import after_review_subject, promotion_subject
from audit.actions import record
from registry.models import Model

#: How long people have to look at an exception afterwards.
AFTER_REVIEW_DUE = timedelta(days=5)


@transaction.atomic
def waive_gate(
    promotion: Promotion, key: str, *, actor: User, reason: str, digest: str, expires_at: datetime | None = None
) -> Promotion:
    """Makes an exception for one failed outcome, the one whose `digest` was on the page.

    Raises Forbidden for who may not, Conflict where there is nothing to waive or it can't be waived,
    PromotionMoved when the gate has another result by now, Invalid without a reason or with a past end.
    """
    promotion = lock_promotion(promotion.pk)
    marks = marks_of(promotion)
    run = run_named(key, marks.runs, promotion)
    refuse_if(why_not_waive(marks, run, as_of_now(actor)))
    if digest != run.digest:
        text = f"Not waived: the gate {key} has another result than the one you saw."
        raise PromotionMoved("promotion_moved", text, "Look at it, then decide again.", moved=[f"gate:{key}"])
    reason = demand(reason, "Say why the failure is acceptable.", "Write it as the reason.")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid("past", "A waiver can't end in the past.", "Name a later moment, or none.")
    for ended in run.waivers.filter(voided_at=None):
        void_waiver(ended, promotion, because=TIME_ENDED)
    Waiver.objects.create(gate_run=run, by=actor, reason=reason, expires_at=expires_at)
    after = {"gate": key, "outcome": run.outcome, "summary": run.summary}
    after |= {"until": expires_at.isoformat()} if expires_at else {}
    record(events.GATE_WAIVED, promotion_subject(promotion), actor=actor, after=after, reason=reason)
    recheck(promotion)
    advance(promotion)
    return promotion


def open_after_review(
    model: Model,
    cause: AfterReview.Cause,
    *,
    subject: str,
    reason: str,
    actor: User,
    promotion: Promotion | None = None,
) -> AfterReview:
    """Puts an act that nobody was asked about before somebody else; in the transaction of the act."""
    opened = AfterReview.objects.create(
        model=model,
        cause=cause,
        subject=subject[:300],
        reason=reason,
        promotion=promotion,
        actor=actor,
        due_at=timezone.now() + AFTER_REVIEW_DUE,
    )
    after = {"cause": cause, "due": opened.due_at.isoformat()}
    record(events.AFTER_REVIEW_OPENED, after_review_subject(opened), actor=None, after=after)
    notifications.tell_after_review(opened)
    return opened


@transaction.atomic
def decide_after_review(after_review: AfterReview, *, actor: User, verdict: str, comment: str = "") -> AfterReview:
    """Says whether what was done without asking was right. Raises Forbidden, Conflict when it is decided already,
    Invalid for an unknown verdict and for a follow-up that doesn't say what."""
    lifecycle.lock_model(after_review.model_id)
    after_review = AfterReview.objects.select_related("model", "actor", "decided_by").get(pk=after_review.pk)
    refuse_if(why_not_decide_after_review(after_review, as_of_now(actor)))
    if verdict not in AfterReview.Verdict.values:
        known = ", ".join(AfterReview.Verdict.values)
        raise Invalid("unknown_verdict", f"{verdict!r} is no verdict.", f"Choose from {known}.")
    if verdict == AfterReview.Verdict.FOLLOW_UP:
        demand(comment, "Say what must follow.", "Write it as the comment.")
    after_review.verdict, after_review.comment = verdict, comment.strip()
    after_review.decided_by, after_review.decided_at = actor, timezone.now()
    after_review.save(update_fields=["verdict", "comment", "decided_by", "decided_at"])
    subject = after_review_subject(after_review)
    record(events.AFTER_REVIEW_DECIDED, subject, actor=actor, after={"verdict": verdict}, reason=comment.strip())
    return after_review
