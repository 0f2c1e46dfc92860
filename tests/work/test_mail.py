"""Letters: written once, sent at least once, and nothing in them becomes a header."""

import email
import email.policy
from pathlib import Path

import pytest
from django.core import mail as post

from accounts.models import User
from work.actions import claim
from work.mail_files import EmailBackend
from work.models import Job, Mail
from work.outbox import send_mail, write_mail
from work.tasks import send_mail_task

pytestmark = pytest.mark.django_db
LETTER = {
    "recipient": "riley@example.org",
    "subject": "Your review: loan 1.2.0 to Production",
    "text": "Hello Riley",
    "html": "<p>Hello Riley</p>",
    "thread": "promotion-1",
    "once": "review-1-riley",
}


def written(**changes):
    return write_mail(**{**LETTER, **changes})


def sent(**changes) -> post.EmailMessage:
    """The letter as the post office gets it."""
    mail = written(**changes)
    send_mail_task(mail.job_id)
    return post.outbox[-1]


def test_a_letter_is_written_once_per_key():
    assert written() is not None
    assert written(text="Hello again") is None
    assert written(once="review-2-riley") is not None
    assert Mail.objects.count() == Job.objects.filter(queue="mail").count() == 2


def test_without_an_address_no_letter_is_written():
    assert written(recipient="") is None
    assert not Mail.objects.exists()
    assert not Job.objects.exists()


def test_a_letter_has_a_text_and_an_html_part_and_its_thread(settings):
    settings.PUBLIC_URL = "https://desk.example.org:8443"
    letter = sent()
    assert (letter.to, letter.subject, letter.body) == (["riley@example.org"], LETTER["subject"], "Hello Riley")
    assert letter.alternatives == [("<p>Hello Riley</p>", "text/html")]
    headers = letter.message()
    assert headers["Message-ID"].endswith("@desk.example.org>")
    assert headers["Auto-Submitted"] == "auto-generated"


def test_a_later_letter_of_a_thread_answers_the_first():
    first, later = sent().message(), sent(once="review-2-riley").message()
    assert first["References"] is None
    assert later["References"] == later["In-Reply-To"] == first["Message-ID"] != later["Message-ID"]
    assert later["Subject"] == f"Re: {first['Subject']}"


def test_to_somebody_else_it_is_the_first():
    assert sent().message()["Message-ID"] != sent(once="2", recipient="sam@example.org").message()["Message-ID"]
    assert Mail.objects.filter(opens_thread=True).count() == 2


def test_a_letter_that_is_put_off_is_kept_and_begins_no_thread():
    person = User.objects.create(username="riley")
    kept = written(put_off_for_id=person.pk)
    assert (kept.job, kept.fate) == (None, "put_off")
    assert not Job.objects.exists()
    assert sent(once="review-2-riley").subject == LETTER["subject"]


INJECTIONS = [
    "loan\r\nBcc: evil@example.com",
    "loan\nBcc: evil@example.com",
    "loan\rBcc: evil@example.com",
    "loan\x0bBcc: evil@example.com",
    "loan\u2028Bcc: evil@example.com",
    "loan\x85Bcc: evil@example.com",
    "loan\r\n\r\n<script>alert(1)</script>",
]


@pytest.mark.parametrize("subject", INJECTIONS)
def test_a_line_break_in_a_subject_starts_no_header(subject):
    raw = sent(subject=f"Your review: {subject}").message().as_bytes()
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert read["Bcc"] is None
    assert "\n" not in read["Subject"]
    assert read["To"] == "riley@example.org"


@pytest.mark.parametrize("key", ["once", "thread"])
def test_a_key_with_odd_characters_starts_no_header(key):
    headers = sent(**{key: "review-1\r\nBcc: evil@example.com"}).message()
    assert headers["Bcc"] is None


def test_a_very_long_subject_is_cut():
    assert len(sent(subject="loan " * 200).subject) <= 200


def test_a_letter_is_noted_as_sent_and_not_sent_again():
    mail = written()
    send_mail_task(mail.job_id)
    send_mail_task(mail.job_id)
    mail.refresh_from_db()
    assert mail.sent_at is not None
    assert mail.job.state == "succeeded"
    assert len(post.outbox) == 1


def test_a_refusing_mail_server_delays_a_letter_and_loses_none(monkeypatch, clock):
    mail = written()

    def refuse(*_):
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as down:
        down.setattr(post.EmailMultiAlternatives, "send", refuse)
        for _ in range(5):
            send_mail_task(mail.job_id)
            clock.shift(3600)
    job = Job.objects.get(pk=mail.job_id)
    assert (job.state, job.attempt) == ("queued", 5)
    assert "no mail server" in job.error
    send_mail_task(mail.job_id)
    assert [letter.to for letter in post.outbox] == [["riley@example.org"]]


def test_a_letter_that_can_never_be_sent_is_given_up_by_name(monkeypatch, clock):
    mail = written()
    monkeypatch.setattr(post.EmailMultiAlternatives, "send", lambda self: 1 / 0)
    for _ in range(98):
        send_mail_task(mail.job_id)
        clock.shift(3600)
    job = Job.objects.get(pk=mail.job_id)
    assert job.state == "failed"
    assert job.error == "Given up after 4 days of trying. ZeroDivisionError: division by zero"
    mail.refresh_from_db()
    assert mail.sent_at is None


def test_a_crash_between_sending_and_noting_sends_again_rather_than_never(monkeypatch, clock):
    mail = written()
    lease = claim(mail.job_id)
    with monkeypatch.context() as crash:
        crash.setattr(Mail.objects.all().__class__, "update", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send_mail(lease)
    mail.refresh_from_db()
    assert mail.sent_at is None
    clock.shift(3600)
    send_mail_task(mail.job_id)
    assert len(post.outbox) == 2


# --- The embedded set-up's post office ----------------------------------------------------------------


@pytest.fixture
def office(settings, tmp_path) -> Path:
    settings.EMAIL_BACKEND = "work.mail_files.EmailBackend"
    settings.MAIL_DIR = tmp_path / "office" / "mail"
    return settings.MAIL_DIR


def test_a_letter_becomes_a_file_only_its_owner_reads(office):
    send_mail_task(written().job_id)
    [file] = office.iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert office.stat().st_mode & 0o777 == 0o700
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (read["To"], read["Subject"]) == ("riley@example.org", LETTER["subject"])
    assert read.get_body(("plain",)).get_content().strip() == "Hello Riley"
    assert read.get_body(("html",)).get_content().strip() == "<p>Hello Riley</p>"


@pytest.mark.parametrize(
    "recipient", ["../../etc/cron@example.org", "/etc/passwd@example.org", "a/b@example.org", "a" * 240 + "@b.example"]
)
def test_an_address_leads_no_file_out_of_the_folder(office, recipient):
    letter = post.EmailMessage("s", "t", to=[recipient])
    EmailBackend().send_messages([letter])
    [file] = office.iterdir()
    assert file.is_file()
    assert [path.name for path in office.parent.iterdir()] == ["mail"]


def test_two_letters_to_one_person_at_one_moment_are_two_files(office, clock):
    letters = [post.EmailMessage("s", text, to=["riley@example.org"]) for text in ("one", "two")]
    assert EmailBackend().send_messages(letters) == 2
    assert len(list(office.iterdir())) == 2
