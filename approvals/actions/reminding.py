"""Letters that time brings: a review that is due soon, one that is overdue, and who then hears of it.

The sweeper asks what is due and queues a job for it; `next_reminder_at` moves on in the same step, so that any
number of sweepers queue one, and comes round again if the job came to nothing.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from approvals import notifications
from approvals.actions.progress import lock_promotion
from approvals.models import Promotion, State
from approvals.standing import marks_of
from work.actions import Lease, enqueue
from work.models import Job

TASK = "approvals.remind"
_TRIED_AGAIN_AFTER = timedelta(hours=1)
_IN_ONE_ROUND = 50


def queue_reminders() -> int:
    """Queues a job for each review that somebody should be reminded of now. Returns how many."""
    now = timezone.now()
    due = Promotion.objects.filter(state=State.IN_REVIEW, next_reminder_at__lte=now).order_by("next_reminder_at")
    return sum(_queue(pk, at, now) for pk, at in due.values_list("pk", "next_reminder_at")[:_IN_ONE_ROUND])


@transaction.atomic
def _queue(pk: int, at: datetime | None, now: datetime) -> bool:
    mine = Promotion.objects.filter(pk=pk, next_reminder_at=at).update(next_reminder_at=now + _TRIED_AGAIN_AFTER)
    subject = f"promotion:{pk}"
    if not mine or Job.objects.filter(task=TASK, subject=subject, state__in=Job.OPEN).exists():
        return False
    enqueue(TASK, queue="mail", subject=subject)
    return True


@transaction.atomic
def remind(lease: Lease) -> None:
    """Writes the letters that are due about a promotion in review, and notes when to look at it again."""
    promotion = lock_promotion(lease.key)
    promotion.next_reminder_at = _write(promotion)
    promotion.save(update_fields=["next_reminder_at"])
    lease.finish()


def give_up_reminder(lease: Lease) -> None:
    """The next one is due in an hour, as `queue_reminders` noted."""
    lease.finish(error="The letters couldn't be written; it is tried again within the hour.")


def _write(promotion: Promotion) -> datetime | None:
    now = timezone.now()
    if promotion.state != State.IN_REVIEW or promotion.due_at is None:
        return None  # it is looked at again when it comes back into review
    marks = marks_of(promotion)
    if (remind_at := marks.document.remind_at(promotion.due_at)) > now:
        return remind_at  # the due time was put off
    if promotion.due_at > now:
        notifications.remind_reviewers(promotion, marks)
        return promotion.due_at
    notifications.tell_overdue(promotion, marks)
    notifications.escalate(promotion, marks)
    return None
