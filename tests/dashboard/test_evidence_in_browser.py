"""The evidence page in a real browser: charts drawn, policy kept, accessible, whole without scripts."""

import pytest
from playwright.sync_api import expect

from evidence.actions.compare import compare_evaluations
from evidence.models import Evaluation
from tests import factories
from tests.dashboard.accessible import assert_accessible
from tests.dashboard.browsing import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ADDRESS = "/models/loan/versions/2/evidence/loan-holdout@1/?against=1"


@pytest.fixture
def compared() -> list[Evaluation]:
    factories.personas()
    factories.policies()
    model = factories.model_named()
    before = factories.evidence_of(factories.version_of(model), strength=0.3)
    after = factories.evidence_of(factories.version_of(model), strength=0.35, weak_for="south")
    compare_evaluations(after, before)
    return [before, after]


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_every_chart_is_drawn_and_the_page_fits_and_is_accessible(
    compared: list[Evaluation], open_page: OpenPage, theme: str, width: int
) -> None:
    page = open_page("riley", theme=theme, width=width)
    page.goto(ADDRESS)
    expect(page.locator("figure[data-drawn]")).to_have_count(4, timeout=30_000)
    # A label that would reach out of the drawing is left out; an axis is read to its end.
    for axis in ("xtick", "ytick"):
        expect(page.locator(f"#ranking .{axis}").last).to_have_text("100%")
    for summary in page.locator("main details > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page, f"{theme} {width}")
    assert page.evaluate("violations") == []


def test_without_scripts_every_chart_has_its_table(compared: list[Evaluation], open_page: OpenPage) -> None:
    page = open_page("riley", scripts=False)
    page.goto(ADDRESS)
    expect(page.locator(".chart-box:visible")).to_have_count(0)
    page.get_by_text("Show as table").first.click()
    expect(page.get_by_role("columnheader", name="v2 finds")).to_be_visible()
    page.get_by_label("Measure", exact=True).select_option("log_loss")
    page.locator("section:has(#groups)").get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Log loss against v1")).to_be_visible()
