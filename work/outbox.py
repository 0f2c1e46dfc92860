"""Mail leaves through here: written in the transaction of what it tells, sent afterwards by a worker."""

from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import TypedDict, Unpack

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import Actor, Subject, record
from work import events
from work.actions import Lease, enqueue
from work.mail_headers import headers_of, one_line
from work.models import Job, Mail
from work.running import NotNow

TASK = "work.send_mail"
#: A mail server may be away over a long weekend and lose nobody's letter.
TRIED_FOR = timedelta(days=4)
LONGEST_WAIT = timedelta(hours=2)
#: Letters end by their age; this only stops one whose worker dies of it each time.
MOST_ATTEMPTS = 2000
#: How soon a letter may be tried again because another one got through.
_TRIED_LATELY = timedelta(minutes=5)


class MailServerAway(NotNow):
    """The mail server can't be reached or takes nothing from us now; it says nothing about this letter."""


class LetterNotTaken(NotNow):
    """The mail server is there and doesn't take this letter now; it says nothing about others."""


class LetterFacts(TypedDict, total=False):
    """What may also be known of a letter; see the columns of `Mail`."""

    recipient_name: str
    kind: str
    gist: str
    link: str
    unsubscribe: str
    put_off_for_id: int | None


def write_mail(
    *, recipient: str, subject: str, text: str, html: str, thread: str, once: str, **facts: Unpack[LetterFacts]
) -> Mail | None:
    """Puts one letter in the outbox; None when the key `once` was used before or there is no address.

    A later letter of a thread to the same address answers its first: "Re:" and the same subject, which is what
    mail programs join letters by. With `put_off_for_id` it is only kept, for that person's daily letter.
    """
    if not recipient or Mail.objects.filter(once=once).exists():
        return None
    opens_thread = not (thread and _on_its_way(thread, recipient))
    shown = one_line(subject if opens_thread else f"Re: {subject}", most=200)
    fields = {"recipient": recipient, "subject": shown, "text": text, "html": html, "thread": thread, **facts}
    mail, written = Mail.objects.get_or_create(once=once, defaults={**fields, "opens_thread": opens_thread})
    if not written:
        return None
    if mail.put_off_for_id is None:
        _queue(mail)
    return mail


def _on_its_way(thread: str, recipient: str) -> bool:
    """Whether a letter of the thread was sent to this address, or will be; those put off begin no thread."""
    gone = Q(sent_at__isnull=False) | Q(job__isnull=False)
    return Mail.objects.filter(gone, thread=thread, recipient=recipient).exists()


def _queue(mail: Mail) -> None:
    mail.job = enqueue(TASK, queue="mail", subject=f"mail:{mail.pk}", max_attempts=MOST_ATTEMPTS)
    mail.save(update_fields=["job"])


@transaction.atomic
def send_again(mail: Mail, *, actor: Actor | None) -> bool:
    """Queues a letter anew that was given up; False when it wasn't."""
    mail = Mail.objects.select_for_update(of=("self",)).select_related("job").get(pk=mail.pk)
    if mail.fate != Mail.Fate.REFUSED:
        return False
    _queue(mail)
    record(events.MAIL_REQUEUED, Subject("mail", str(mail.pk), str(mail)), actor=actor)
    return True


def send_mail(lease: Lease) -> None:
    """Sends the letter of a job. Sent before noted: a crash between the two sends it again, never not at all.

    Raises MailServerAway or LetterNotTaken: then it is tried again for `TRIED_FOR`. An
    address that the server refuses for good ends its own letter and no other.
    """
    mail = Mail.objects.get(pk=lease.key)
    job = Job.objects.get(pk=lease.job_id)
    if mail.sent_at is None:
        if job.created_at < timezone.now() - TRIED_FOR:
            give_up_mail(lease)
            return
        if refusal := _hand_over(mail):
            lease.finish(error=refusal)
            return
    with transaction.atomic():
        Mail.objects.filter(pk=mail.pk, sent_at=None).update(sent_at=timezone.now())
        lease.finish()
    _hurry_others()


def give_up_mail(lease: Lease) -> None:
    last = Job.objects.values_list("error", flat=True).get(pk=lease.job_id)
    lease.finish(error=f"Given up after {TRIED_FOR.days} days of trying. {last}".strip())


def _hand_over(mail: Mail) -> str:
    """Gives the letter to the mail server. Answers with its words if it refuses the address for good, else ""."""
    try:
        _message(mail).send()
    except SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        said = _said(code, words)
        if code < 500:
            raise LetterNotTaken(said) from refused
        return f"The mail server refuses the address: {said}"
    except SMTPDataError as refused:  # about this letter's content, not about the server
        raise LetterNotTaken(_said(refused.smtp_code, refused.smtp_error)) from refused
    except OSError as away:  # smtplib's own errors are such, too
        raise MailServerAway(f"{type(away).__name__}: {away}") from away
    return ""


def _said(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"


def _hurry_others() -> None:
    """A letter got through: those that waited for the server to come back needn't wait any longer."""
    now = timezone.now()
    waiting = Job.objects.filter(task=TASK, state=Job.State.QUEUED, not_before__gt=now)
    waiting = waiting.filter(error__startswith=MailServerAway.__name__, started_at__lt=now - _TRIED_LATELY)
    waiting.update(not_before=now)


def _message(mail: Mail) -> EmailMultiAlternatives:
    # The bare address for the envelope; the header "To" has the name as well.
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.recipient], headers=headers_of(mail))
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message
