"""The page of all components in a real browser: policy, accessibility, width, theme."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.accessible import assert_accessible, expect_width
from tests.dashboard.browsing import NOTE_VIOLATIONS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser: Browser, live_server: Any, signed_in: Client) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.add_init_script(NOTE_VIOLATIONS)
    session = signed_in.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    yield context.new_page()
    context.close()


def open_components(page: Page) -> None:
    page.goto("/models/")
    expect(page.locator("figure[data-drawn]")).to_have_count(1, timeout=30_000)


def test_a_page_with_a_chart_never_breaks_the_policy(page: Page) -> None:
    open_components(page)
    page.locator(".chart-box .points path").nth(1).hover(force=True)
    expect(page.locator(".chart-box .hoverlayer .hovertext")).not_to_have_count(0)
    assert page.evaluate("violations") == []


@pytest.mark.slow
def test_a_broken_policy_would_be_noticed(page: Page) -> None:
    open_components(page)
    page.evaluate("document.body.append(document.createElement('style')); document.body.lastChild.textContent = 'a{}'")
    expect(page.locator("body")).to_be_visible()
    assert "style-src-elem" in page.evaluate("violations[0]")


@pytest.mark.slow
def test_the_chart_follows_the_theme(page: Page) -> None:
    open_components(page)
    line = page.locator(".chart-box .scatterlayer .js-line").nth(1)
    light = line.evaluate("element => getComputedStyle(element).stroke")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(line).not_to_have_css("stroke", light)


@pytest.mark.slow
def test_the_chart_offers_no_upload(page: Page) -> None:
    open_components(page)
    expect(page.locator(".modebar-btn")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_components_fit_and_are_accessible(page: Page, live_server: Any, theme: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    open_components(page)
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        expect_width(page, width)
        assert_accessible(page, f"{width} pixels")


@pytest.mark.slow
def test_a_slash_focuses_the_search_but_not_while_typing(page: Page) -> None:
    open_components(page)
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")


@pytest.mark.slow
def test_escape_closes_the_menu_and_returns_to_it(page: Page) -> None:
    open_components(page)
    page.locator(".menu summary").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Account")).to_be_hidden()
    expect(page.locator(".menu summary")).to_be_focused()


@pytest.mark.slow
def test_changing_the_theme_keeps_the_page_and_its_typed_words(page: Page) -> None:
    open_components(page)
    page.get_by_role("searchbox").fill("half a thought")
    page.locator(".menu summary").click()
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("searchbox")).to_have_value("half a thought")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
