"""Rollback, waivers and exceptions in a real browser: on a phone, by keyboard, without scripts, accessible."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from approvals.actions import roll_back
from approvals.models import Waiver
from registry.models import Model
from tests import factories
from tests.approvals.excepting import blocked, waive
from tests.approvals.operating import live, put_live
from tests.dashboard.browsing import OpenPage
from tests.factories import persona

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_TAPS = 4


@pytest.fixture
def loan(transactional_db: None) -> Model:
    """A model whose v3 is live, after v1 and v2 were."""
    factories.personas()
    factories.policies()
    model = factories.model_named("loan")
    for _ in range(3):
        put_live(model)
    return model


class Thumb:
    """Taps, and counts them."""

    def __init__(self) -> None:
        self.taps = 0

    def tap(self, target: Locator) -> None:
        expect(target).to_be_in_viewport()
        self.taps += 1
        target.click()


def test_rollback_takes_at_most_four_taps_on_a_phone(open_page: OpenPage, loan: Model) -> None:
    page, thumb = open_page("omar", width=390, theme="dark"), Thumb()
    page.goto("/models/loan/")
    thumb.tap(page.get_by_role("link", name="Roll back", exact=True).first)
    dialog = page.get_by_role("dialog", name="Roll loan back from v3?")
    expect(dialog.get_by_label("Reason (required)")).to_be_focused()
    page.keyboard.type("Refuses everybody.")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    thumb.tap(dialog.get_by_role("button", name="Roll back to v2"))
    expect(page.get_by_text("loan v2 is live.")).to_be_visible()
    assert thumb.taps <= MOST_TAPS
    assert live(loan) == [2]
    assert page.evaluate("violations") == []


def test_the_dialog_works_by_keyboard_and_gives_the_focus_back(open_page: OpenPage, loan: Model) -> None:
    page = open_page("omar")
    page.goto("/models/loan/")
    opener = page.get_by_role("link", name="Roll back to v1")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio", name="v1")).to_be_checked()
    expect(dialog.get_by_role("button", name="Roll back to v1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowUp")
    expect(dialog.get_by_role("button", name="Roll back to v2")).to_be_visible()
    dialog.get_by_role("link", name="Keep v3").press("Enter")
    expect(dialog).to_be_hidden()
    assert live(loan) == [3]


def test_rollback_works_without_scripts(open_page: OpenPage, loan: Model) -> None:
    page = open_page("omar", scripts=False)
    page.goto("/models/loan/")
    page.get_by_role("link", name="Roll back to v1").click()
    page.get_by_label("Reason (required)").fill("Refuses everybody.")
    page.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.get_by_text("loan v1 is live.")).to_be_visible()
    assert live(loan) == [1]


def test_a_gate_is_waived_by_keyboard_alone(open_page: OpenPage, loan: Model) -> None:
    promotion = blocked(factories.version_of(loan))
    page = open_page("sam")
    page.goto(f"/promotions/{promotion.pk}/")
    page.get_by_label("Why Lineage complete should run again").focus()
    page.keyboard.press("Tab")  # the button beside it
    page.keyboard.press("Tab")
    page.keyboard.type("Known, and smaller than it looks.")
    waive_button = page.get_by_role("button", name="Waive")
    for _ in range(6):  # a date has a stop for each of its parts
        page.keyboard.press("Tab")
        if waive_button.evaluate("button => button === document.activeElement"):
            break
    expect(waive_button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sam Okafor waived Lineage complete:")).to_be_in_viewport()
    assert Waiver.objects.get().reason == "Known, and smaller than it looks."


@pytest.mark.slow
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_pages_of_exceptions_fit_and_are_accessible(
    open_page: OpenPage, loan: Model, width: int, theme: str
) -> None:
    roll_back(loan, actor=persona("omar"), reason="Refuses everybody.")
    promotion = waive(
        blocked(factories.version_of(loan), gates=[{"key": "lineage", "kind": "lineage_complete"}]), persona("sam")
    )
    addresses = {
        "riley": ["/exceptions/", f"/promotions/{promotion.pk}/"],
        "omar": ["/models/loan/rollback/", "/models/loan/take-down/", "/models/loan/?live_at=2026-01-01T10:00"],
    }
    for who, pages in addresses.items():
        page = open_page(who, width=width, theme=theme)
        for address in pages:
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            found = Axe().run(page)
            assert found.violations_count == 0, f"{address}: {found.generate_report()}"
            assert page.evaluate("violations") == [], address
