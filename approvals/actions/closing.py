from django.db import transaction

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import demand, refuse_if
from approvals import events, notifications
from approvals.actions.progress import advance, enter, lock_promotion
from approvals.models import Promotion
from approvals.permissions import why_not_resubmit, why_not_withdraw
from approvals.subjects import promotion_subject
from approvals.transitions import Event
from audit.actions import record


@transaction.atomic
def withdraw_promotion(promotion: Promotion, *, actor: User, reason: str) -> Promotion:
    """Ends a promotion by the wish of who brought it. Raises Forbidden, Conflict, or Invalid without a reason."""
    promotion = lock_promotion(promotion.pk)
    refuse_if(why_not_withdraw(promotion, as_of_now(actor)))
    reason = demand(reason, "Say why you withdraw it.")
    enter(promotion, Event.WITHDRAW, closed_because=reason)
    record(events.PROMOTION_WITHDRAWN, promotion_subject(promotion), actor=actor, reason=reason)
    notifications.tell_decided(promotion, actor=actor, comment=reason)
    return promotion


@transaction.atomic
def resubmit_promotion(promotion: Promotion, *, actor: User, answer: str) -> Promotion:
    """Answers requested changes and goes back to the gates or the reviewers; approvals that still rest stay."""
    promotion = lock_promotion(promotion.pk)
    refuse_if(why_not_resubmit(promotion, as_of_now(actor)))
    answer = demand(answer, "Answer the requested changes.")
    enter(promotion, Event.RESUBMIT)
    record(events.PROMOTION_RESUBMITTED, promotion_subject(promotion), actor=actor, reason=answer)
    advance(promotion)
    return promotion


@transaction.atomic
def comment_on_promotion(promotion: Promotion, *, actor: User, comment: str) -> None:
    """Adds a comment to the promotion's timeline; whoever sees the promotion may."""
    comment = demand(comment, "The comment is empty.")
    record(events.COMMENTED, promotion_subject(promotion), actor=actor, reason=comment)
