"""Choosing how letters come: on the account page, and by the address that stands in each of them."""

from typing import Any

import pytest
from django.test import Client

from accounts.letters import stop_address
from accounts.models import User
from audit.models import AuditEvent
from tests.factories import persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def riley() -> User:
    return persona("riley")


def choice_of(person: User) -> str:
    return User.objects.get(pk=person.pk).mail_choice


def stop_path(person: User, settings: Any) -> str:
    return stop_address(person).removeprefix(settings.PUBLIC_URL)


def test_the_account_page_shows_the_choice_and_takes_another(riley: User, client: Client) -> None:
    client.force_login(riley, backend="django.contrib.auth.backends.ModelBackend")
    assert 'value="at_once" checked' in client.get("/account/").content.decode()
    answer = client.post("/account/", {"action": "choose_mail", "choice": "daily"}, follow=True)
    page = answer.content.decode()
    assert 'value="daily" checked' in page
    assert "One letter a day comes" in page
    assert "At 8:00" in page
    assert choice_of(riley) == "daily"


@pytest.mark.parametrize("choice", ["", "weekly"])
def test_the_account_page_takes_no_other_choice(riley: User, client: Client, choice: str) -> None:
    client.force_login(riley, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/account/", {"action": "choose_mail", "choice": choice})
    assert answer.status_code == 422
    assert choice_of(riley) == "at_once"


def test_looking_at_the_address_in_a_letter_changes_nothing(riley: User, settings: Any) -> None:
    for method in ("get", "head"):
        answer = getattr(Client(), method)(stop_path(riley, settings))
        assert answer.status_code == 200
    assert choice_of(riley) == "at_once"
    page = Client().get(stop_path(riley, settings)).content.decode()
    assert '<form method="post">' in page
    assert "Stop letters?" in page
    assert riley.username not in page  # whoever holds the address learns nothing by it


def test_one_click_of_a_mail_program_stops_letters_without_signing_in(riley: User, settings: Any) -> None:
    program = Client(enforce_csrf_checks=True)
    answer = program.post(stop_path(riley, settings), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "No more letters" in answer.content.decode()
    assert choice_of(riley) == "none"
    event = AuditEvent.objects.get(verb="person.mail_choice_changed")
    assert (event.actor, event.after, event.reason) == ("riley", "none", "By the link in a letter.")


def test_pressing_twice_is_one_event_and_the_account_page_turns_them_on_again(
    riley: User, settings: Any, client: Client
) -> None:
    for _ in range(2):
        assert Client().post(stop_path(riley, settings)).status_code == 200
    assert AuditEvent.objects.filter(verb="person.mail_choice_changed").count() == 1
    client.force_login(riley, backend="django.contrib.auth.backends.ModelBackend")
    assert 'value="none" checked' in client.get("/account/").content.decode()
    client.post("/account/", {"action": "choose_mail", "choice": "at_once"})
    assert choice_of(riley) == "at_once"


def test_an_address_stops_the_letters_of_its_own_person_only(riley: User, settings: Any) -> None:
    sam = persona("sam")
    Client().post(stop_path(riley, settings))
    assert (choice_of(riley), choice_of(sam)) == ("none", "at_once")
    signature = stop_path(riley, settings).partition(":")[2]
    assert Client().post(f"/letters/stop/{sam.pk}:{signature}").status_code == 422
    assert choice_of(sam) == "at_once"


@pytest.mark.parametrize("token", ["1", "1:", ":", "x:y", "1:AAAA", "é:é", "1:2:3"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_we_did_not_make_is_refused(riley: User, token: str, method: str) -> None:
    answer = getattr(Client(), method)(f"/letters/stop/{token}/")
    assert answer.status_code == 422
    assert "a part of it is missing" in answer.content.decode()
    assert choice_of(riley) == "at_once"


def test_the_address_of_an_older_key_is_refused(riley: User, settings: Any) -> None:
    path = stop_path(riley, settings)
    settings.SECRET_KEY = "another" * 8
    assert Client().post(path).status_code == 422
