"""Whose address a call has: never one that the caller made up."""

import pytest
from django.test import Client, RequestFactory

from audit.models import AuditEvent
from config.proxies import caller_address
from tests.factories import persona

PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, None, PROXY),
        (0, "198.51.100.7", PROXY),
        (1, None, PROXY),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9,198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", PROXY),
        (1, "203.0.113.9, 2001:db8::7", "2001:db8::7"),
        (1, "203.0.113.9, <script>", PROXY),
        (1, "198.51.100.7,", PROXY),
        (1, "", PROXY),
    ],
)
def test_only_what_trusted_proxies_appended_is_believed(proxies, header, address):
    more = {} if header is None else {"HTTP_X_FORWARDED_FOR": header}
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, **more)
    assert caller_address(request, proxies=proxies) == address


@pytest.mark.django_db
def test_the_record_and_the_lock_on_wrong_passwords_go_by_that_address(settings):
    settings.TRUSTED_PROXIES = 1
    persona("dana")
    for number in range(settings.AXES_FAILURE_LIMIT):
        # Each time another claim, from the same caller.
        response = sign_in(f"203.0.113.{number}, 198.51.100.7")
    assert response.status_code == 429
    assert sign_in("198.51.100.8").status_code == 200
    assert not AuditEvent.objects.filter(address=PROXY).exists()


def sign_in(forwarded: str):
    sent = {"username": "dana", "password": "wrong"}
    return Client().post("/sign-in/", sent, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded)
