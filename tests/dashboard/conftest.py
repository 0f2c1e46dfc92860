from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests import factories
from tests.dashboard.browsing import NOTE_VIOLATIONS, OpenPage, client_of


@pytest.fixture
def component_pages(settings: Any) -> None:
    """The page of all components and the frame's addresses, before and beside the real pages."""
    settings.ROOT_URLCONF = "tests.dashboard.pages_for_components"
    folder = Path(__file__).parent / "templates"
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], folder]}]


@pytest.fixture
def dana(db: None) -> Any:
    return get_user_model().objects.create_user("dana", first_name="Dana", last_name="Ortiz")


@pytest.fixture
def signed_in(dana: Any, component_pages: None) -> Client:
    client = Client()
    client.force_login(dana, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[OpenPage]:
    """Opens a browser of its own, with the persona of this name signed in. Its test fails when the console holds an
    error by the end: a script's, or something refused by the policy."""
    opened = []
    said: list[str] = []

    def open_as(username: str, *, width: int = 1440, theme: str = "light", scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=live_server.url, java_script_enabled=scripts
        )
        opened.append(context)
        context.add_init_script(NOTE_VIOLATIONS)
        session = client_of(factories.persona(username)).cookies["sessionid"].value
        cookies = {"sessionid": session, "theme": theme}
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if is_fault(message) else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_as
    for context in opened:
        context.close()
    assert said == []


def is_fault(message: ConsoleMessage) -> bool:
    """Not that a page answered with a refusal, which the browser calls an error, too; a file that is gone is one."""
    refused = message.text.startswith("Failed to load resource")
    return message.type == "error" and not (refused and "/static/" not in str(message.location["url"]))
