"""What passing time does to promotions. The sweeper goes these rounds; any number of sweepers may."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from approvals import events, notifications
from approvals.actions.exceptions import open_after_review
from approvals.actions.gates import TIME_ENDED, void_waiver
from approvals.actions.progress import (
    advance,
    complete_unless_held,
    enter,
    finish_if_filled,
    lock_promotion,
    recheck,
)
from approvals.models import OPEN_STATES, AfterReview, Promotion, State, Verdict, Waiver
from approvals.queries import promotions
from approvals.standing import marks_of, marks_of_many
from approvals.subjects import promotion_subject
from approvals.transitions import Event
from audit.actions import record

logger = logging.getLogger(__name__)


def go_round() -> None:
    """Everything about promotions that is due now. One that fails is told in the log and stops no other."""
    now = timezone.now()
    # Waivers first: what they let through must not be completed in the same round.
    _each(Waiver.objects.filter(voided_at=None, expires_at__lte=now), _end_waiver)
    _each(Promotion.objects.filter(state__in=OPEN_STATES, expires_at__lte=now), _expire)
    _each(Promotion.objects.filter(state=State.APPROVED, look_again_at__lte=now), _look_again)
    _each(_filled(), _finish)


def _each(due: QuerySet[Promotion] | QuerySet[Waiver], do: Callable[[int], None]) -> None:
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:100]):
        try:
            with transaction.atomic():
                do(pk)
        except (OperationalError, InterfaceError):
            raise  # the database is away, or busy: the next round finds the rest
        except Exception:
            logger.exception("%s of %s %s failed; the next round tries again", do.__name__, due.model.__name__, pk)


def _expire(pk: int) -> None:
    promotion = lock_promotion(pk)
    if not promotion.is_open or promotion.expires_at is None or promotion.expires_at > timezone.now():
        return
    text = "It was open for as long as its policy allows. Open a new one: evidence is reused, ticks and reviews aren't."
    enter(promotion, Event.EXPIRE, closed_because=text)
    record(events.PROMOTION_EXPIRED, promotion_subject(promotion), actor=None, reason=text)
    notifications.tell_decided(promotion, actor=None, comment=text)


def _look_again(pk: int) -> None:
    """What held it back may have ended; who approved is judged again, as of now."""
    promotion = lock_promotion(pk)
    if promotion.state != State.APPROVED:
        return
    marks = marks_of(promotion)
    if not marks.is_filled:
        enter(promotion, Event.REOPEN)
        text = "An approval no longer counts: its reviewer left or lost the role."
        record(events.PROMOTION_REOPENED, promotion_subject(promotion), actor=None, reason=text)
        notifications.tell_reviewers(promotion, marks, again=True)
        return
    complete_unless_held(promotion, marks, actor=None)


def _filled() -> QuerySet[Promotion]:
    """In review, and nothing is open any more: somebody's role may have come back. Looked at before they are locked,
    since one that waits for a person who left has as many marks for as long as that takes."""
    standing = Count("reviews", filter=Q(reviews__verdict=Verdict.APPROVE, reviews__fell_at=None))
    enough = Greatest(F("policy_revision__seats"), 1)  # without seats, an exception made one
    perhaps = promotions().filter(state=State.IN_REVIEW).annotate(standing=standing).filter(standing__gte=enough)
    found = list(perhaps.order_by("pk")[:1000])
    filled = [pk for pk, marks in marks_of_many(found).items() if marks.is_filled] if found else []
    return Promotion.objects.filter(pk__in=filled)


def _finish(pk: int) -> None:
    finish_if_filled(marks_of(lock_promotion(pk)), actor=None)


def _end_waiver(pk: int) -> None:
    """Before completion an ended waiver no longer counts; afterwards somebody looks at it again."""
    waiver = Waiver.objects.select_related("gate_run", "by").get(pk=pk)
    promotion = lock_promotion(waiver.gate_run.promotion_id)
    if not Waiver.objects.filter(pk=pk, voided_at=None, expires_at__lte=timezone.now()).exists():
        return
    void_waiver(waiver, promotion, because=TIME_ENDED)
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
