from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.desk import Desk, desk_after
from tests.served import ToldDemo


@pytest.fixture(scope="module")
def desk(told_demo: ToldDemo, tmp_path_factory: pytest.TempPathFactory, chromium: Path) -> Iterator[Desk]:
    with desk_after(told_demo, tmp_path_factory.mktemp("desk") / "var") as desk:
        yield desk


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails its test when the browser's console holds an error, a refused script or style among them."""
    context.set_default_timeout(20_000)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    # The browser itself notes every answer of 4xx; a test that asks for one says so by getting it.
    unexpected = [text for text in said if not text.startswith("Failed to load resource: the server responded with")]
    assert unexpected == []
