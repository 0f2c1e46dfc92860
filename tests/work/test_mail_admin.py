"""Letters in the admin site: what didn't arrive and why, to look at and to send again; never to change."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEvent
from tests.factories import person
from work.models import Job, Mail
from work.outbox import write_mail

pytestmark = pytest.mark.django_db
LIST = reverse("admin:work_mail_changelist")


@pytest.fixture
def administrator(db: None) -> User:
    return person("Ada Min", Role.ADMINISTRATOR)


@pytest.fixture
def site(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")
    return client


def letter(name: str, **job: Any) -> Mail:
    address = f"{name}@example.org"
    mail = write_mail(recipient=address, subject="Tested", text="Secret words", html="", thread="", once=name)
    assert mail is not None
    Job.objects.filter(mail=mail).update(**job)
    return mail


def test_what_waits_and_what_was_refused_are_counted_with_their_last_error(site: Client) -> None:
    letter("riley", error="MailServerAway: ConnectionRefusedError")
    letter("gone", state=Job.State.FAILED, error="The mail server refuses the address: 550 no such user")
    page = site.get(LIST).content.decode()
    for shown in ("Waiting to be sent (1)", "Not delivered (1)", "ConnectionRefusedError", "550 no such user"):
        assert shown in page
    assert "Secret words" not in page


@pytest.mark.parametrize("fate", ["sent", "waiting", "refused", "put_off", "told"])
def test_each_letter_is_listed_under_what_became_of_it(site: Client, administrator: User, fate: str) -> None:
    letter("waiting")
    letter("refused", state=Job.State.FAILED)
    Mail.objects.create(recipient="sent@example.org", subject="s", once="s", sent_at="2026-11-20T09:00Z")
    Mail.objects.create(recipient="put_off@example.org", subject="s", once="p", put_off_for=administrator)
    Mail.objects.create(recipient="told@example.org", subject="s", once="t")
    listed = site.get(LIST, {"fate": fate}).context["cl"].result_list
    assert [(mail.recipient, mail.fate) for mail in listed] == [(f"{fate}@example.org", fate)]


def test_what_was_given_up_is_sent_again_and_that_is_on_the_record(site: Client, administrator: User) -> None:
    gone, waiting = letter("gone", state=Job.State.FAILED), letter("riley")
    answer = site.post(LIST, {"action": "send_again", "_selected_action": [gone.pk, waiting.pk]}, follow=True)
    assert "1 letter will be tried again." in answer.content.decode()
    gone.refresh_from_db()
    assert gone.fate == "waiting"
    event = AuditEvent.objects.get(verb="mail.requeued")
    assert (event.actor, event.subject_name) == (administrator.username, str(gone))


@pytest.mark.parametrize("way", ["add/", "{}/delete/"])
def test_letters_are_neither_added_nor_deleted(site: Client, way: str) -> None:
    mail = letter("riley")
    assert site.post(LIST + way.format(mail.pk), {"post": "yes"}).status_code == 403
    assert Mail.objects.count() == 1


def test_a_letter_s_page_shows_its_facts_not_its_words(site: Client) -> None:
    page = site.get(f"{LIST}{letter('riley').pk}/change/").content.decode()
    assert "riley@example.org" in page
    assert "Secret words" not in page
    assert 'name="_save"' not in page
