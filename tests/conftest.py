"""What every test gets: a store and a mail folder of its own, and a queue that nobody listens to."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from celery import current_app
from django.db import connection
from django.test import TransactionTestCase, override_settings
from playwright.sync_api import expect

from audit import guards
from tests import replaying

pytest_plugins = ["tests.fixtures_servers", "tests.leaving_out", "tests.sharing_out", "tests.served"]

# Playwright's synchronous interface runs an event loop in the test's thread; the ORM would refuse to work there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
# onnxruntime reports its use to its maker unless told not to.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# No test fails for being slow. CI has its own profile: Hypothesis takes it by itself, with the same examples each time.
hypothesis.settings.register_profile("at hand", deadline=None, max_examples=50)
if not os.environ.get("CI"):
    hypothesis.settings.load_profile("at hand")
# Only a failing test waits that long for its page, or one on a very busy machine.
expect.set_options(timeout=20_000)


def pytest_collection_finish() -> None:
    # What is imported by now stays: without it, and looked for less often, garbage is found in a tenth less time.
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_unconfigure() -> None:
    gc.unfreeze()  # a library that counts what it has handed out takes what is still frozen for a leak


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    replaying.begin(item)


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.ARTIFACT_DIR = tmp_path / "artifacts"
    settings.MAIL_DIR = tmp_path / "mail"


@pytest.fixture(autouse=True, scope="session")
def swift_settings() -> Iterator[None]:
    """What only costs time here: slow passwords, and a look at every static file for every new test client."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers, WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(autouse=True, scope="session")
def deaf_queue() -> None:
    """Messages go nowhere: tests run jobs themselves, and tests with real workers start these as processes."""
    current_app.conf.broker_url = "memory://"
    current_app.conf.broker_transport_options = {}


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: Path) -> dict[str, Any]:
    """The system's Chromium; its own sandbox can't start as root."""
    return {
        "executable_path": str(chromium),
        "args": ["--no-sandbox", "--disable-background-networking"],
    }


_teardown = TransactionTestCase._fixture_teardown


def _empty_the_database(case: TransactionTestCase) -> None:
    """Tests that commit empty the whole database afterwards, which the audit table's guards refuse."""
    with connection.cursor() as cursor:
        guards.remove(cursor)
    replaying.forget()
    _teardown(case)  # ends with a migrate signal, which puts the guards back


TransactionTestCase._fixture_teardown = _empty_the_database  # type: ignore[method-assign]
