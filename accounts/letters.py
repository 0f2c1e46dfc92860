"""Letters to people, in the way each of them chose: every one at once, one a day, or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import MailChoice, User
from accounts.reasons import Invalid
from work.mail_headers import one_line
from work.models import Mail
from work.outbox import write_mail

_SALT = "accounts.letters.stop"


@dataclass(frozen=True)
class Entry:
    """One thing in a list of a letter, with the page it is about."""

    words: str
    note: str = ""
    link: str = ""


@dataclass(frozen=True)
class Letter:
    """What a letter says, the same in plain text and in HTML; everything in it is read as plain text.

    `subject` is the same for all letters of a thread, so what this one wants stands in `title`. `said` are
    somebody's own words. An `urgent` letter comes at once also to who chose one letter a day.
    """

    kind: str
    subject: str
    title: str
    link: str
    button: str
    lines: Sequence[str] = ()
    said: str = ""
    points: Sequence[tuple[str, str]] = ()
    lists: Sequence[tuple[str, Sequence[Entry]]] = ()
    urgent: bool = False

    @property
    def gist(self) -> str:
        """What a daily letter says of this one."""
        said = f"“{one_line(self.said, most=200)}”" if self.said else ""
        return one_line(f"{self.title}: {said}" if said else self.title, most=300)


def write_letters(people: Iterable[User], letter: Letter, *, thread: str, once: str) -> None:
    """Writes the letter to each of the people; the same `once` writes nothing again to the same person."""
    for person in people:
        write_letter(person, letter, thread=thread, once=f"{once}-{person.pk}")


def write_letter(person: User, letter: Letter, *, thread: str, once: str) -> Mail | None:
    """Puts the letter in the outbox, or keeps it for the person's daily letter; in the caller's transaction.

    None when they want none, have no address or left, and when the key `once` was used before.
    """
    if not person.is_active or person.mail_choice == MailChoice.NONE:
        return None
    put_off = person.mail_choice == MailChoice.DAILY and not letter.urgent
    return post_letter(person, letter, thread=thread, once=once, put_off=put_off)


def post_letter(person: User, letter: Letter, *, thread: str, once: str, put_off: bool = False) -> Mail | None:
    """The letter as it is put in the outbox, without asking what the person chose."""
    stop = stop_address(person)
    known = {"letter": letter, "person": person, "stop": stop, "choose": f"{settings.PUBLIC_URL}/account/#letters"}
    return write_mail(
        recipient=person.email,
        recipient_name=person.display_name,
        subject=letter.subject,
        text=render_to_string("mail/letter.txt", known),
        html=render_to_string("mail/letter.html", known),
        thread=thread,
        once=once,
        kind=letter.kind,
        gist=letter.gist,
        link=letter.link,
        unsubscribe=stop,
        put_off_for_id=person.pk if put_off else None,
    )


def stop_address(person: User) -> str:
    """Where this person's letters are turned off without signing in; it works for as long as the secret key does."""
    return f"{settings.PUBLIC_URL}/letters/stop/{signing.Signer(salt=_SALT).sign(str(person.pk))}/"


def person_to_stop(token: str) -> User:
    """Whose letters the address turns off. Raises Invalid for one that we didn't make, or that was cut."""
    try:
        return User.objects.get(pk=int(signing.Signer(salt=_SALT).unsign(token)))
    except (signing.BadSignature, ValueError, User.DoesNotExist) as error:
        remedy = "Copy it whole from the letter, or choose on your account page."
        raise Invalid("bad_link", "This link isn't one from a letter, or a part of it is missing.", remedy) from error


def next_daily_letter(after: datetime) -> datetime:
    """The next moment at which the clock shows DIGEST_HOUR in TIME_ZONE."""
    here = timezone.localtime(after)
    today = datetime.combine(here.date(), time(settings.DIGEST_HOUR), tzinfo=here.tzinfo)
    if today > after:
        return today
    return datetime.combine(here.date() + timedelta(days=1), time(settings.DIGEST_HOUR), tzinfo=here.tzinfo)


def first_daily_letter(choice: str) -> datetime | None:
    """When put-off letters are first told after the choice was made: at once to who wants each at once."""
    now = timezone.now()
    return {MailChoice.AT_ONCE: now, MailChoice.DAILY: next_daily_letter(now)}.get(MailChoice(choice))
