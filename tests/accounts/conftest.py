import pytest
from django.test import Client

from accounts.access import as_of_now
from accounts.actions import edit_person
from accounts.roles import Role
from tests.factories import person


@pytest.fixture
def ada():
    return person("Ada Min", Role.ADMINISTRATOR)


@pytest.fixture
def desk(ada):
    """The administrator's browser, signed in."""
    browser = Client()
    browser.force_login(as_of_now(ada), backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def riley():
    return person("Riley Chen")


@pytest.fixture
def pipeline():
    account = person("Pipeline")
    account.is_service = True
    return edit_person(account, actor=None)
