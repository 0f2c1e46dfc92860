"""The accessibility rules of axe, on a page at rest."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

#: In mid-swap a part is neither the old nor the new one, and its colours are those of neither.
MOVING = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"


def assert_accessible(page: Page, where: str = "") -> None:
    """No rule is broken, once no part of the page is being refreshed."""
    expect(page.locator(MOVING)).to_have_count(0)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"


def expect_width(page: Page, width: int) -> None:
    """The page fits into so many pixels, once what is drawn by scripts has followed a change of width."""
    page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width)
