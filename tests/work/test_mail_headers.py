"""Whatever people and programs named things, a letter has the headers it should have, and each says what was meant."""

import email
import email.policy
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from work.mail_headers import headers_of, one_line
from work.models import Mail
from work.outbox import _message

pytestmark = pytest.mark.django_db
EXPECTED = {
    *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
    *("X-Auto-Response-Suppress", "In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post"),
}
NASTY = (
    st.text(max_size=80)
    | st.text(st.sampled_from('\r\n\t\0 :;,<>@"\\()=?_[]é–\u202e\u2028\x85A'), max_size=60)
    | st.sampled_from(
        [
            "x\r\nBcc: evil@example.com",
            "x\r\n\r\n<script>alert(1)</script>",
            "=?utf-8?q?x=0d=0aBcc=3A_evil=40example.com?=",
            "=?utf-8?b?eA0KQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
            "Riley <riley@evil.example>, other@evil.example",
            '"Riley" <riley@evil.example>',
            "é" * 200,
            "\ud800",
        ]
    )
)


def letter(name: str, subject: str, thread: str, once: str) -> Mail:
    return Mail(
        recipient="riley@example.org",
        recipient_name=name,
        subject=one_line(subject, most=200),
        text="Hello",
        html="<p>Hello</p>",
        thread=thread,
        opens_thread=False,
        once=once,
        unsubscribe="https://desk.example.org/letters/stop/7:abc/",
    )


def words(text: str) -> str:
    """Letters and digits alone: what stays of a name however it is folded."""
    return "".join(re.findall(r"\w", text))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=NASTY, subject=NASTY, thread=NASTY, once=NASTY)
@example(name="Řehoř, MD", subject="Re: loan", thread="promotion-1", once="a")
def test_no_name_adds_a_header_or_changes_another(name, subject, thread, once):
    mail = letter(name, subject, thread or "t", once)
    raw = _message(mail).message().as_bytes()
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert sorted(read.keys()) == sorted(EXPECTED)
    assert [address.addr_spec for address in read["To"].addresses] == ["riley@example.org"]
    assert read["From"].addresses[0].addr_spec == "assaydesk@localhost"
    assert [part.get_content_type() for part in read.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    for identity in ("Message-ID", "In-Reply-To", "References"):
        assert re.fullmatch(r"<[0-9a-f]{24}@127\.0\.0\.1>", read[identity])


@settings(max_examples=200, deadline=None)
@given(name=NASTY, subject=NASTY)
def test_names_and_subjects_are_shown_as_they_are(name, subject):
    read = email.message_from_bytes(
        _message(letter(name, subject, "t", "o")).message().as_bytes(), policy=email.policy.default
    )
    assert words(str(read["To"].addresses[0].display_name)) == words(one_line(name, most=100))
    if "=?" not in subject:  # a subject that looks encoded is shown decoded, on one line all the same
        assert words(str(read["Subject"])) == words(one_line(subject, most=200))


@given(st.text())
def test_one_line_is_one_line_and_says_the_same_twice(text):
    line = one_line(text, most=60)
    assert len(line) <= 60
    assert line.splitlines() in ([], [line])
    assert one_line(line, most=60) == line


def test_letters_with_different_keys_have_different_ids():
    keys = ["a b", "a-b", "A b", "é", "è", "a" * 190 + "b", "a" * 190 + "c"]
    ids = {headers_of(letter("Riley", "s", "", key))["Message-ID"] for key in keys}
    assert len(ids) == len(keys)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("https://desk.example.org/x", "desk.example.org"),
        ("http://[::1]:80", "--1"),
        ("https://prüfstand.example", "xn--prfstand-75a.example"),
    ],
)
def test_an_id_ends_with_the_public_host(settings, address, host):
    settings.PUBLIC_URL = address
    assert headers_of(letter("Riley", "s", "t", "o"))["Message-ID"].endswith(f"@{host}>")


def test_a_press_that_could_be_listened_to_is_not_offered():
    mail = letter("Riley", "s", "t", "o")
    mail.unsubscribe = mail.unsubscribe.replace("https", "http")
    headers = headers_of(mail)
    assert headers["List-Unsubscribe"] == f"<{mail.unsubscribe}>"
    assert "List-Unsubscribe-Post" not in headers
