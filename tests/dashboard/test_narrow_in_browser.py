"""Pages on a phone: nothing runs off the screen unseen, labels stay with their fields, figures in a line."""

import pytest
from playwright.sync_api import Locator, Page

from evidence.actions import compare_evaluations
from tests import factories
from tests.dashboard.browsing import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONE = 390


def box(found: Locator) -> dict[str, float]:
    at = found.bounding_box()
    assert at is not None
    return {"x": at["x"], "y": at["y"], "right": at["x"] + at["width"], "bottom": at["y"] + at["height"]}


def tops(page: Page, selector: str) -> list[float]:
    """How high the text of each of these begins, below its label."""
    found: list[float] = page.evaluate(
        """selector => [...document.querySelectorAll(selector)].map((each) => {
             const range = document.createRange(); range.selectNodeContents(each);
             return Math.round(range.getBoundingClientRect().top); })""",
        selector,
    )
    return found


def test_every_tab_of_the_navigation_is_on_the_screen(open_page: OpenPage) -> None:
    factories.personas()
    for scripts, width in ((True, PHONE), (False, 320)):
        page = open_page("riley", width=width, scripts=scripts)
        page.goto("/policies/")
        tabs = page.get_by_role("navigation", name="Main").get_by_role("link")
        assert tabs.count() == 7
        assert all(box(tab)["x"] >= 0 and box(tab)["right"] <= width for tab in tabs.all())
        assert tabs.last.get_attribute("aria-current") == "page"


def test_the_fields_of_the_audit_filter_stand_in_a_line(open_page: OpenPage) -> None:
    factories.personas()
    page = open_page("ana")
    page.goto("/audit/")
    fields = page.locator("form.filters .field :is(input, select)")
    first_line = {round(box(field)["y"]) for field in fields.all()[:5]}
    assert len(first_line) == 1


def test_a_comparison_on_a_phone_shows_that_there_are_more_versions(open_page: OpenPage) -> None:
    factories.personas()
    model = factories.model_named()
    made = [factories.evidence_of(factories.version_of(model), strength=0.1 * at, seed=at) for at in (1, 2)]
    compare_evaluations(made[1], made[0])
    page = open_page("riley", width=PHONE)
    page.goto("/models/loan/compare/?versions=1,2&baseline=1")
    heads = page.locator("section:has(#measures) .matrix thead th")
    assert box(heads.nth(2))["x"] < PHONE - 60
    label, select = page.locator("label[for=baseline]"), page.locator("select#baseline")
    assert box(select)["y"] <= box(label)["y"] < box(label)["bottom"] <= box(select)["bottom"]
    page.goto("/models/loan/cases/?version=2&against=1&dataset=loan-holdout@1")
    counts = tops(page, ".outcomes tbody tr:first-child td")
    assert len(counts) >= 4
    assert len(set(counts[:4])) == 1
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/models/loan/versions/2/evidence/loan-holdout@1/")
    values = page.locator("table.fairness thead th:nth-child(2)")
    assert len({round(box(value)["right"]) for value in values.all()}) == 1
