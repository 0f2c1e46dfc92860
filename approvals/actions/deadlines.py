"""What passing time does to promotions. The sweeper goes these rounds; any number of sweepers may."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from approvals import events, notifications
from approvals.actions.exceptions import open_after_review
from approvals.actions.gates import void_waiver
from approvals.actions.progress import (
    advance,
    complete_unless_held,
    enter,
    finish_if_filled,
    lock_promotion,
    recheck,
)
from approvals.models import OPEN_STATES, AfterReview, Promotion, State, Verdict, Waiver
from approvals.standing import marks_of
from approvals.subjects import promotion_subject
from approvals.transitions import Event
from audit.actions import record


def go_round() -> None:
    """Everything about promotions that is due now."""
    _each(Promotion.objects.filter(state__in=OPEN_STATES, expires_at__lte=timezone.now()), _expire)
    _each(Promotion.objects.filter(state=State.APPROVED, look_again_at__lte=timezone.now()), _look_again)
    _each(_perhaps_filled(), _finish)
    for pk in Waiver.objects.filter(voided_at=None, expires_at__lte=timezone.now()).values_list("pk", flat=True)[:100]:
        _end_waiver(pk)


def _each(due: "object", do: Callable[[Promotion], None]) -> None:
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:100]):  # type: ignore[attr-defined]
        with transaction.atomic():
            do(lock_promotion(pk))


def _expire(promotion: Promotion) -> None:
    if not promotion.is_open or promotion.expires_at is None or promotion.expires_at > timezone.now():
        return
    text = "It was open for as long as its policy allows. Open a new one: evidence is reused, ticks and reviews aren't."
    enter(promotion, Event.EXPIRE, closed_because=text)
    record(events.PROMOTION_EXPIRED, promotion_subject(promotion), actor=None, reason=text)
    notifications.tell_decided(promotion, actor=None, comment=text)


def _look_again(promotion: Promotion) -> None:
    """What held it back may have ended; who approved is judged again, as of now."""
    if promotion.state != State.APPROVED:
        return
    marks = marks_of(promotion)
    if marks.document.slots and not marks.is_filled:
        enter(promotion, Event.REOPEN)
        text = "An approval no longer counts: its reviewer left or lost the role."
        record(events.PROMOTION_REOPENED, promotion_subject(promotion), actor=None, reason=text)
        notifications.tell_reviewers(promotion, marks, again=True)
        return
    complete_unless_held(promotion, marks, actor=None)


def _perhaps_filled() -> "object":
    """In review, with as many standing approvals as the policy has places: somebody's role may have come back."""
    standing = Count("reviews", filter=Q(reviews__verdict=Verdict.APPROVE, reviews__fell_at=None))
    return (
        Promotion.objects.filter(state=State.IN_REVIEW, policy_revision__seats__gt=0)
        .annotate(standing=standing)
        .filter(standing__gte=F("policy_revision__seats"))
    )


def _finish(promotion: Promotion) -> None:
    finish_if_filled(promotion, actor=None)


@transaction.atomic
def _end_waiver(pk: int) -> None:
    """Before completion an ended waiver no longer counts; afterwards somebody looks at it again."""
    waiver = Waiver.objects.select_related("gate_run", "by").get(pk=pk)
    promotion = lock_promotion(waiver.gate_run.promotion_id)
    if not Waiver.objects.filter(pk=pk, voided_at=None, expires_at__lte=timezone.now()).exists():
        return
    void_waiver(waiver, promotion, because="its time has ended")
    if promotion.is_open:
        recheck(promotion)
        advance(promotion)
    elif promotion.state == State.COMPLETED:
        subject = f"the waiver of {waiver.gate_run.key} for {promotion.version} has ended"
        open_after_review(
            promotion.version.model,
            AfterReview.Cause.WAIVER_EXPIRED,
            subject=subject,
            reason=waiver.reason,
            actor=waiver.by,
            promotion=promotion,
        )
