"""Mail leaves through here: written in the transaction of what it tells, sent afterwards by a worker."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from work.actions import Lease, enqueue
from work.models import Mail


def write_mail(*, recipient: str, subject: str, text: str, html: str, thread: str, once: str) -> Mail | None:
    """Puts one letter in the outbox; None when the key `once` was used before or there is no address."""
    if not recipient:
        return None
    one_line = " ".join(subject.split())[:200]  # a line break in a subject could start a header of its own
    mail, written = Mail.objects.get_or_create(
        once=once,
        defaults={"recipient": recipient, "subject": one_line, "text": text, "html": html, "thread": thread},
    )
    if not written:
        return None
    mail.job = enqueue("work.send_mail", queue="mail", subject=f"mail:{mail.pk}", max_attempts=20)
    mail.save(update_fields=["job"])
    return mail


def send_mail(lease: Lease) -> None:
    """Sends the letter of a job. Sent before noted: a crash between the two sends it again, never not at all."""
    mail = Mail.objects.get(pk=lease.subject.removeprefix("mail:"))
    if mail.sent_at is None:
        _message(mail).send()
    with transaction.atomic():
        Mail.objects.filter(pk=mail.pk, sent_at=None).update(sent_at=timezone.now())
        lease.finish()


def give_up_mail(lease: Lease) -> None:
    lease.finish(error="The mail server refused it too often.")


def _message(mail: Mail) -> EmailMultiAlternatives:
    host = settings.PUBLIC_URL.partition("://")[2].partition(":")[0].partition("/")[0]
    headers = {"Message-ID": f"<{slugify(mail.once)}@{host}>", "Auto-Submitted": "auto-generated"}
    if mail.thread:
        headers["References"] = headers["In-Reply-To"] = f"<{slugify(mail.thread)}@{host}>"
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.recipient], headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message
