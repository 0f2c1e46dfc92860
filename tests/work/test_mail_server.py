"""Letters and a real mail server that is away, comes back, hangs up, refuses an address."""

from typing import Any

import pytest

from tests.work.mail_server import PostOffice, running
from work.models import Job, Mail
from work.outbox import send_again, write_mail
from work.tasks import send_mail_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any) -> PostOffice:
    """A mail server that isn't up yet, and whose port is known."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 5
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    office = PostOffice()
    with running(office):
        settings.EMAIL_PORT = office.port
    return office


def letter_to(name: str) -> Mail:
    address = f"{name}@example.org"
    mail = write_mail(recipient=address, subject="Tested", text="Hello", html="", thread="", once=f"once-{name}")
    assert mail is not None
    return mail


def job_of(mail: Mail) -> Job:
    return Job.objects.get(mail=mail)


def fate_of(mail: Mail) -> str:
    return Mail.objects.get(pk=mail.pk).fate


def try_all() -> None:
    for pk in Job.objects.filter(state__in=Job.OPEN).values_list("pk", flat=True):
        send_mail_task(pk)


def test_a_server_that_is_away_for_three_days_loses_no_letter(office, clock):
    letters = [letter_to(name) for name in ("riley", "sam", "omar")]
    hours = 0
    while hours < 72:
        try_all()
        clock.shift(3600)
        hours += 1
    assert {fate_of(mail) for mail in letters} == {"waiting"}
    assert "MailServerAway: ConnectionRefusedError" in job_of(letters[0]).error
    clock.shift(2 * 3600)
    with running(office):
        try_all()
    assert sorted(office.recipients) == ["omar@example.org", "riley@example.org", "sam@example.org"]
    assert {fate_of(mail) for mail in letters} == {"sent"}


def test_a_server_that_is_away_is_one_line_of_warning_for_each_attempt(office, clock, caplog):
    mail = letter_to("riley")
    for _ in range(3):
        send_mail_task(mail.job_id)
        clock.move_to(job_of(mail).not_before)
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)] * 3
    assert f"Job {mail.job_id} has to wait after attempt 3: ConnectionRefusedError" in caplog.messages[2]


def test_what_nobody_expected_is_logged_with_where_it_came_from(office, clock, caplog, monkeypatch):
    monkeypatch.setattr("work.outbox._message", lambda mail: 1 / 0)
    send_mail_task(letter_to("riley").job_id)
    [record] = caplog.records
    assert (record.levelname, record.exc_info is not None) == ("ERROR", True)
    assert "ZeroDivisionError" in caplog.text


def test_waits_grow_to_two_hours_and_no_further(office, clock):
    mail, waits = letter_to("riley"), []
    for _ in range(16):
        send_mail_task(mail.job_id)
        job = job_of(mail)
        waits.append(round((job.not_before - job.started_at).total_seconds()))
        clock.move_to(job.not_before)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 7200, 7200, 7200, 7200]


def test_the_first_letter_that_gets_through_calls_those_that_waited_for_the_server(office, clock):
    waiting = letter_to("riley")
    for _ in range(14):
        send_mail_task(waiting.job_id)
        clock.move_to(job_of(waiting).not_before)
    send_mail_task(waiting.job_id)
    clock.shift(600)
    with running(office):
        send_mail_task(letter_to("sam").job_id)
        send_mail_task(waiting.job_id)
    assert office.recipients == ["sam@example.org", "riley@example.org"]


@pytest.mark.parametrize("drop", ["EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_a_server_that_hangs_up_gets_the_letter_again(office, clock, drop):
    mail = letter_to("riley")
    office.drop = drop
    with running(office):
        send_mail_task(mail.job_id)
    assert fate_of(mail) == "waiting"
    assert office.connections >= 1
    assert office.taken == []
    office.drop = ""
    clock.shift(60)
    with running(office):
        send_mail_task(mail.job_id)
    assert office.recipients == ["riley@example.org"]
    assert fate_of(mail) == "sent"


def test_a_server_that_hangs_up_after_taking_the_letter_gets_it_once(office, clock):
    mail = letter_to("riley")
    office.drop = "QUIT"
    with running(office):
        send_mail_task(mail.job_id)
        clock.shift(3600)
        send_mail_task(mail.job_id)
    assert office.recipients == ["riley@example.org"]
    assert fate_of(mail) == "sent"


def test_an_address_refused_for_good_ends_its_letter_and_no_other(office, clock):
    gone, here = letter_to("gone"), letter_to("riley")
    office.refusals["gone@example.org"] = b"550 5.1.1 no such user"
    with running(office):
        try_all()
    assert office.recipients == ["riley@example.org"]
    assert (fate_of(gone), fate_of(here)) == ("refused", "sent")
    assert job_of(gone).error == "The mail server refuses the address: 550 5.1.1 no such user"


def test_an_address_refused_for_now_is_tried_again(office, clock, caplog):
    mail = letter_to("riley")
    office.refusals["riley@example.org"] = b"450 4.2.0 greylisted"
    with running(office):
        send_mail_task(mail.job_id)
        assert fate_of(mail) == "waiting"
        assert job_of(mail).error == "LetterNotTaken: 450 4.2.0 greylisted"
        assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]
        office.refusals.clear()
        clock.shift(60)
        send_mail_task(mail.job_id)
    assert fate_of(mail) == "sent"


def test_a_letter_refused_for_its_own_sake_is_not_called_when_others_get_through(office, clock):
    odd = letter_to("odd")
    office.refusals["odd@example.org"] = b"450 4.2.0 greylisted"
    with running(office):
        for _ in range(12):
            send_mail_task(odd.job_id)
            clock.move_to(job_of(odd).not_before)
        send_mail_task(odd.job_id)
        due = job_of(odd).not_before
        clock.shift(600)
        send_mail_task(letter_to("riley").job_id)
    assert job_of(odd).not_before == due


def test_after_four_days_a_letter_is_given_up_with_the_last_error_and_can_be_sent_again(office, clock):
    mail = letter_to("riley")
    send_mail_task(mail.job_id)
    clock.shift(4 * 24 * 3600 + 60)
    send_mail_task(mail.job_id)
    assert fate_of(mail) == "refused"
    assert job_of(mail).error.startswith("Given up after 4 days of trying. MailServerAway: ConnectionRefusedError")
    assert send_again(mail, actor=None)
    assert not send_again(mail, actor=None)  # it is on its way
    mail.refresh_from_db()
    with running(office):
        send_mail_task(mail.job_id)
    assert office.recipients == ["riley@example.org"]


def test_a_letter_s_headers_arrive_as_they_were_meant(office, settings):
    settings.PUBLIC_URL = "https://desk.example.org"
    mail = write_mail(
        recipient="riley@example.org",
        recipient_name="Řehoř Žluťoučký, MD",
        subject="Überprüfung: loan 1.0",
        text="Grüße\n.\nends",
        html="<p>Grüße</p>",
        thread="promotion-1",
        once="1",
        unsubscribe="https://desk.example.org/letters/stop/7:abc/",
    )
    with running(office):
        send_mail_task(mail.job_id)
    [letter] = office.letters
    assert letter["To"].addresses[0].display_name == "Řehoř Žluťoučký, MD"
    assert letter["To"].addresses[0].addr_spec == office.recipients[0] == "riley@example.org"
    assert letter["Subject"] == "Überprüfung: loan 1.0"
    assert letter["List-Unsubscribe"] == "<https://desk.example.org/letters/stop/7:abc/>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.get_body(("plain",)).get_content().split() == ["Grüße", ".", "ends"]
