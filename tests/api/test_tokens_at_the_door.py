"""Who gets in: a good token of an active person, with the scope. Nothing else, above all no cookie."""

from base64 import b64encode
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.actions import edit_person, issue_token, revoke_token
from accounts.models import AccessToken
from audit.models import AuditEvent
from tests.api.caller import BASE, Caller, ok, problem_of
from tests.factories import PASSWORD, persona


@pytest.fixture
def text(people):
    """The text of a token of Dana's that reads."""
    return issue_token(people.dana, actor=None, scopes=["read"], days=1)[1]


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Token {}", "Basic !!!", "Basic Zm9v", "{}", "Bearer {}x"],
)
def test_without_a_good_token_nobody_gets_in(text, header):
    caller = Caller(header=header and header.format(text))
    answer = caller.get("/models")
    problem_of(answer, 401, "no_valid_token")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_gets_in(text, scheme):
    ok(Caller(header=f"{scheme} {text}").get("/models"))


@pytest.mark.parametrize("username", ["dana", "", "x"])
def test_a_token_as_basic_password_gets_in(text, username):
    ok(Caller(header=f"Basic {b64encode(f'{username}:{text}'.encode()).decode()}").get("/models"))


def test_a_password_is_no_token(people):
    basic = b64encode(f"dana:{PASSWORD}".encode()).decode()
    problem_of(Caller(header=f"Basic {basic}").get("/models"), 401, "no_valid_token")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_session_cookie_gives_nothing(people, method):
    browser = Client()
    browser.force_login(people.dana, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/").status_code == 200
    answer = getattr(browser, method)(f"{BASE}/models", {"name": "x"}, content_type="application/json")
    problem_of(answer, 401, "no_valid_token")


def test_an_answer_sets_no_cookie_and_is_open_to_no_other_site(dana):
    answer = dana.get("/models")
    assert not answer.cookies
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def test_an_expired_token_is_out(people, text):
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        problem_of(Caller(header=f"Bearer {text}").get("/models"), 401, "no_valid_token")


def test_a_revoked_token_is_out(people, text):
    revoke_token(AccessToken.objects.get(), actor=None)
    problem_of(Caller(header=f"Bearer {text}").get("/models"), 401, "no_valid_token")


def test_an_inactive_person_is_out(people, text):
    people.dana.is_active = False
    edit_person(people.dana, actor=None)
    problem_of(Caller(header=f"Bearer {text}").get("/models"), 401, "no_valid_token")


def test_a_token_that_reads_does_not_write(people, text):
    told = problem_of(Caller(header=f"Bearer {text}").post("/models", {"name": "fare"}), 403, "wrong_scope")
    assert "scope write" in told["remedy"]


def test_a_token_that_writes_does_not_review(loan, dana):
    problem_of(dana.post("/promotions/1/reviews", {"verdict": "approve", "seal": "x"}), 403, "wrong_scope")


def test_a_token_that_reviews_does_not_write(people):
    caller = Caller(persona("dana"), "read", "review")
    problem_of(caller.post("/models", {"name": "fare"}), 403, "wrong_scope")


def test_what_is_done_by_a_token_says_so_on_the_record(dana):
    ok(dana.post("/models", {"name": "fare"}), 201)
    event = AuditEvent.objects.get(verb="model.created")
    token = AccessToken.objects.get()
    assert (event.actor, event.channel, event.token, event.address) == ("dana", "token", token.prefix, "127.0.0.1")


def test_a_request_from_a_strange_host_is_refused(text):
    answer = Client().get(f"{BASE}/models", headers={"Authorization": f"Bearer {text}", "Host": "evil.example"})
    assert answer.status_code == 400
