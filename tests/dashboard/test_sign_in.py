"""Signing in and out, and the lock after too many wrong passwords."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.actions import create_person
from tests import factories

pytestmark = pytest.mark.django_db


def sign_in(client: Client, username: str, password: str = factories.PASSWORD, **extra: Any) -> Any:
    return client.post("/sign-in/", {"username": username, "password": password, **extra})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def riley() -> Any:
    return factories.persona("riley")


def test_the_right_password_leads_to_the_page_that_was_wanted(riley: Any) -> None:
    client = Client()
    assert sign_in(client, "riley", next="/audit/?model=loan").headers["Location"] == "/audit/?model=loan"
    assert is_signed_in(client)


def test_signing_in_never_leads_off_the_site(riley: Any) -> None:
    assert sign_in(Client(), "riley", next="https://example.org/").headers["Location"] == "/"


def test_a_wrong_password_says_so_without_saying_which_was_wrong(riley: Any) -> None:
    client = Client()
    wrong = sign_in(client, "riley", "wrong").content.decode()
    unknown = sign_in(client, "nobody", "wrong").content.decode()
    assert "User name and password don’t match" in wrong
    assert "User name and password don’t match" in unknown
    assert not is_signed_in(client)


def test_a_closed_account_can_not_sign_in(riley: Any) -> None:
    riley.is_active = False
    riley.save()
    client = Client()
    assert "Not signed in." in sign_in(client, "riley").content.decode()
    assert not is_signed_in(client)


def test_a_service_account_is_told_its_way_in(db: None) -> None:
    create_person("pipeline", actor=None, password=factories.PASSWORD, is_service=True)
    client = Client()
    page = sign_in(client, "pipeline").content.decode()
    assert "this is a service account" in page
    assert not is_signed_in(client)
    assert "service account" not in sign_in(client, "pipeline", "wrong").content.decode()


def test_closing_an_account_ends_its_session(riley: Any) -> None:
    client = Client()
    sign_in(client, "riley")
    riley.is_active = False
    riley.save()
    assert not is_signed_in(client)


def test_signing_out_is_a_post_and_leads_back_to_the_door(riley: Any) -> None:
    client = Client()
    sign_in(client, "riley")
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert not is_signed_in(client)


def test_too_many_wrong_passwords_lock_the_door_with_words(riley: Any) -> None:
    client = Client()
    answers = [sign_in(client, "riley", "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert [answer.status_code for answer in answers] == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    locked = sign_in(client, "riley")
    assert locked.status_code == 429
    assert "Sign-in is locked for now" in locked.content.decode()
    assert "Try again later" in locked.content.decode()
    assert not is_signed_in(client)


def test_the_lock_holds_for_that_person_only(riley: Any) -> None:
    factories.persona("sam")
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, "riley", "wrong")
    sign_in(client, "sam")
    assert is_signed_in(client)


def test_the_lock_opens_by_itself(riley: Any) -> None:
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, "riley", "wrong")
    later = timezone.now() + timedelta(hours=settings.AXES_COOLOFF_TIME, minutes=1)
    with time_machine.travel(later, tick=False):
        sign_in(client, "riley")
        assert is_signed_in(client)


def test_a_sign_in_forgets_the_wrong_passwords_before_it(riley: Any) -> None:
    client = Client()
    sign_in(client, "riley", "wrong")
    assert AccessAttempt.objects.count() == 1
    sign_in(client, "riley")
    assert AccessAttempt.objects.count() == 0


def test_a_forged_form_signs_nobody_in(riley: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client, "riley")
    assert answer.status_code == 403
    assert "Nothing was sent" in answer.content.decode()
