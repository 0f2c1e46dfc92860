"""One letter a day, for who chose that: what waits for them, the most urgent first, and what happened meanwhile.

Letters that were put off are kept in the outbox until a daily letter told of them, so that changing one's mind
loses none: who chooses to get each at once is told of those put off until then in one last such letter.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.letters import Entry, Letter, next_daily_letter, post_letter
from accounts.models import MailChoice, User
from approvals.clock import by_the_clock
from approvals.models import State
from approvals.standing import Marks
from approvals.waiting import marks_waiting_for
from work.actions import Lease, enqueue
from work.models import Job, Mail

TASK = "approvals.write_daily_letter"
#: Letters that the list of what waits makes superfluous.
ASKING = ("review", "reminder")
SHOWN = 40
_TRIED_AGAIN_AFTER = timedelta(hours=1)
_IN_ONE_ROUND = 50


def queue_daily_letters() -> int:
    """Queues a job for each person whose daily letter is due. Returns how many."""
    now = timezone.now()
    due = User.objects.filter(is_active=True, next_letter_at__lte=now).order_by("next_letter_at")
    return sum(_queue(person, now) for person in due[:_IN_ONE_ROUND])


@transaction.atomic
def _queue(person: User, now: datetime) -> bool:
    later = next_daily_letter(now) if person.mail_choice == MailChoice.DAILY else now + _TRIED_AGAIN_AFTER
    # Whoever moves it on queues the job: any number of sweepers queue one.
    mine = User.objects.filter(pk=person.pk, next_letter_at=person.next_letter_at).update(next_letter_at=later)
    subject = f"person:{person.pk}"
    if not mine or Job.objects.filter(task=TASK, subject=subject, state__in=Job.OPEN).exists():
        return False
    enqueue(TASK, queue="mail", subject=subject)
    return True


@transaction.atomic
def write_daily_letter(lease: Lease) -> None:
    """Writes a person's daily letter, or none when there is nothing to say; what it tells is put off no longer."""
    person = User.objects.select_for_update().get(pk=lease.key)
    if person.mail_choice != MailChoice.NONE and person.is_active:
        _write(person)
    if person.mail_choice != MailChoice.DAILY:
        User.objects.filter(pk=person.pk).update(next_letter_at=None)
    lease.finish()


def give_up_daily_letter(lease: Lease) -> None:
    """What was put off stays so, for the next one."""
    lease.finish(error="The daily letter couldn't be written; the next one tells what this one would have.")


def _write(person: User) -> None:
    put_off = list(Mail.objects.filter(put_off_for=person).order_by("written_at", "pk"))
    news = [mail for mail in put_off if mail.kind not in ASKING]
    # Who gets each letter at once has been asked by those; only what was put off until then is still to be told.
    asks = person.mail_choice == MailChoice.DAILY or len(news) < len(put_off)
    waiting = [marks for marks in marks_waiting_for(person) if marks.promotion.state == State.IN_REVIEW] if asks else []
    told_in = None
    if waiting or news:
        newest = put_off[-1].pk if put_off else 0
        once = f"daily-{person.pk}-{timezone.localdate()}-{newest}"
        told_in = post_letter(person, _letter(waiting, news), thread="", once=once)
    Mail.objects.filter(pk__in=[mail.pk for mail in put_off]).update(put_off_for=None, told_in=told_in)


def _letter(waiting: Sequence[Marks], news: Sequence[Mail]) -> Letter:
    now, overdue = timezone.now(), 0
    asked = []
    for marks in waiting:
        promotion = marks.promotion
        late = promotion.due_at is not None and promotion.due_at < now
        overdue += late
        note = f"{'Overdue: it was due' if late else 'Due'} {by_the_clock(promotion.due_at)}"
        link = f"{settings.PUBLIC_URL}/promotions/{promotion.pk}/"
        asked.append(Entry(f"{promotion.version} to {promotion.to_stage}", note, link))
    told = [_entry(mail) for mail in news]
    counted = [
        f"{len(asked)} to review{f', {overdue} of them overdue' if overdue else ''}" if asked else "",
        f"{len(told)} to know" if told else "",
    ]
    title = "; ".join(words for words in counted if words)
    lists = [("Waits for your review", _cut(asked)), ("What happened", _cut(told))]
    return Letter(
        kind="daily",
        subject=f"Your daily letter: {title}",
        title=title[0].upper() + title[1:],
        link=f"{settings.PUBLIC_URL}/",
        button="Open the inbox",
        lists=[(heading, entries) for heading, entries in lists if entries],
    )


def _entry(mail: Mail) -> Entry:
    about = mail.subject.removeprefix("Re: ")
    return Entry(about, "" if mail.gist == about else mail.gist, mail.link)


def _cut(entries: Sequence[Entry]) -> list[Entry]:
    more = len(entries) - SHOWN
    return [*entries[:SHOWN], *([Entry(f"And {more} more in your inbox.")] if more > 0 else [])]
