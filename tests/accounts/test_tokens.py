"""Tokens: kept as a hash, for a scope, for a time."""

import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.actions import edit_person, issue_token, revoke_token
from accounts.models import AccessToken
from accounts.reasons import Invalid
from accounts.tokens import user_of
from audit.models import AuditEvent
from tests.factories import person

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def dana():
    return person("Dana Ortiz")


@pytest.fixture
def pipeline():
    account = person("Pipeline")
    account.is_service = True
    return edit_person(account, actor=None)


def issued(user, *scopes, **more):
    return issue_token(user, actor=None, scopes=scopes or ["read"], **more)


def everything_stored() -> str:
    """Every text of the tables a token touches."""
    rows = [*AccessToken.objects.values(), *AuditEvent.objects.values()]
    return repr(rows) + "".join(str(bytes(event.canonical)) for event in AuditEvent.objects.all())


def test_a_tokens_text_is_nowhere_in_the_database(dana):
    token, text = issued(dana)
    secret = text.removeprefix(f"{token.prefix}_")
    assert len(secret) >= 43  # 256 bits in base64
    assert secret not in everything_stored()
    assert token.digest == hashlib.sha256(text.encode()).hexdigest()


def test_two_tokens_share_nothing(dana):
    (one, text), (other, other_text) = issued(dana), issued(dana)
    assert text != other_text
    assert one.prefix != other.prefix


def test_a_token_lets_its_person_in_and_notes_the_use(dana):
    token, text = issued(dana)
    assert user_of(text) == (dana, token)
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t[:-1], lambda t: t + "x", lambda t: t.partition("_")[2], lambda t: ""]
)
def test_a_text_that_differs_lets_nobody_in(dana, change):
    _, text = issued(dana)
    assert user_of(change(text)) is None


def test_the_digest_is_no_key(dana):
    token, _ = issued(dana)
    assert user_of(token.digest) is None


def test_a_token_ends_when_its_days_are_over(dana):
    with time_machine.travel(NOW, tick=False) as clock:
        _, text = issued(dana, days=2)
        clock.move_to(NOW + timedelta(days=2, seconds=-1))
        assert user_of(text) is not None
        clock.move_to(NOW + timedelta(days=2))
        assert user_of(text) is None


def test_a_revoked_token_is_out_at_once_and_is_revoked_once(dana):
    token, text = issued(dana)
    revoke_token(token, actor=dana)
    revoke_token(token, actor=dana)
    assert user_of(text) is None
    [event] = AuditEvent.objects.filter(verb="token.revoked")
    assert (event.actor, event.before) == (dana.username, {"prefix": token.prefix})


def test_the_token_of_an_inactive_person_lets_nobody_in(dana):
    _, text = issued(dana)
    dana.is_active = False
    edit_person(dana, actor=None)
    assert user_of(text) is None


def test_issuing_is_on_the_record_by_prefix_and_scope(dana):
    token, _ = issued(dana, "read", "write", "read")
    event = AuditEvent.objects.get(verb="token.issued")
    assert event.after["prefix"] == token.prefix
    assert event.after["scopes"] == ["read", "write"]
    assert event.subject_name == dana.username


@pytest.mark.parametrize("scopes", [["admin"], ["read", "sudo"], []])
def test_an_unknown_scope_is_refused_naming_the_known(dana, scopes):
    with pytest.raises(Invalid, match="Choose from read, write, review"):
        issue_token(dana, actor=None, scopes=scopes)
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("days", [0, -1, 367, float("nan"), float("inf")])
def test_a_life_that_is_no_length_of_time_is_refused(dana, days):
    with pytest.raises(Invalid, match="366 days"):
        issued(dana, days=days)


def test_a_review_token_lives_a_day_at_most(dana):
    token, _ = issued(dana, "review", days=1)
    assert token.expires_at - token.created_at <= timedelta(hours=24, seconds=1)
    with pytest.raises(Invalid, match="24 hours at most"):
        issued(dana, "read", "review", days=1.01)


def test_a_service_account_gets_no_review_token(pipeline):
    with pytest.raises(Invalid, match="only people review"):
        issued(pipeline, "review", days=1)
    assert issued(pipeline, "read", "write")


# --- manage.py issue_token ----------------------------------------------------------------------------


def command(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("issue_token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_the_token_and_nothing_else(dana):
    out, err = command(dana.username)
    assert err == ""
    assert out.count("\n") == 1
    user, token = user_of(out.strip())
    assert (user, token.scopes) == (dana, ["read", "write"])


def test_the_command_gives_a_review_token_one_day_by_itself(dana):
    out, _ = command(dana.username, "--scope", "review", "--scope", "read")
    _, token = user_of(out.strip())
    assert token.scopes == ["read", "review"]
    assert token.expires_at - token.created_at <= timedelta(hours=24, seconds=1)


@pytest.mark.parametrize("days", ["0", "-3"])
def test_the_command_refuses_days_that_are_none(dana, days):
    with pytest.raises(CommandError, match="366 days"):
        command(dana.username, "--days", days)


def test_the_command_names_an_account_that_is_not_there():
    with pytest.raises(CommandError, match="no account named nobody"):
        command("nobody")


def test_the_command_refuses_a_review_token_for_a_service_account(pipeline):
    with pytest.raises(CommandError, match="only people review"):
        command(pipeline.username, "--scope", "review")
