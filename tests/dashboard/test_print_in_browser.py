"""Pages on paper: nothing to press, nothing folded away, tables that stay tables, every column on the sheet."""

from copy import deepcopy

import pytest
from playwright.sync_api import Page, expect

from evidence.actions import compare_evaluations
from tests import factories
from tests.dashboard.browsing import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: What A4 leaves between margins of 12 mm, in CSS pixels.
PORTRAIT, LANDSCAPE = 703, 1031
#: What can be pressed or filled in, and is printed. The boxes of the checklist say what is ticked.
OPERABLE = """
[...document.querySelectorAll("button, select, textarea, .btn, input:not([type=checkbox])")]
  .filter((each) => each.checkVisibility() && !each.closest(".sr")).map((each) => each.outerHTML.slice(0, 80))
"""
#: Cells of tables that reach over the right edge of the sheet.
LOST = """
(width) => [...document.querySelectorAll("main :is(td, th)")].filter((each) => each.checkVisibility())
  .filter((each) => each.getBoundingClientRect().right > width + 1).map((each) => each.textContent.trim())
"""


def put_on_paper(page: Page, address: str, width: int = PORTRAIT) -> None:
    page.goto(address)
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(media="print")


def test_a_printed_promotion_is_its_record_and_nothing_to_press(open_page: OpenPage) -> None:
    policy = deepcopy(factories.PRODUCTION_POLICY)
    factories.policies(production=policy)
    factories.live_version(strength=0.5)
    promotion = factories.run_gates(factories.promotion_in("checking", strength=0.2))
    page = open_page("riley")
    page.goto(f"/promotions/{promotion.pk}/")
    assert page.evaluate(OPERABLE) != []
    put_on_paper(page, f"/promotions/{promotion.pk}/")
    assert page.evaluate(OPERABLE) == []
    bodies = page.locator(".gate-body")
    assert bodies.count() == len(policy["gates"])
    for body in bodies.all():
        expect(body).to_be_visible()
    measures = page.locator("table.measures").first
    assert measures.locator("thead").evaluate("each => getComputedStyle(each).display") == "table-header-group"
    assert page.evaluate(LOST, PORTRAIT) == []
    expect(page.get_by_role("heading", name="Required approvers")).to_be_visible()


def test_no_version_of_a_printed_comparison_is_cut_off(open_page: OpenPage) -> None:
    factories.personas()
    model = factories.model_named()
    versions = [factories.version_of(model, label=f"{at}.0.0") for at in range(1, 7)]
    made = [factories.evidence_of(version, strength=0.1 * at, seed=at) for at, version in enumerate(versions, start=1)]
    for each in made[1:3]:
        compare_evaluations(each, made[0])
    for width, chosen in ((PORTRAIT, "1,2,3"), (LANDSCAPE, "1,2,3,4,5,6")):
        page = open_page("riley", theme="dark")
        put_on_paper(page, f"/models/loan/compare/?versions={chosen}&baseline=1", width)
        assert page.evaluate(LOST, width) == []
        assert page.evaluate(OPERABLE) == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        expect(page.get_by_text("Show as table").first).to_be_hidden()
        expect(page.locator("figure[data-drawn]").first).to_be_visible(timeout=20_000)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        drawn = page.locator(".chart-box .main-svg").first
        assert drawn.evaluate("each => each.getBoundingClientRect().width") <= PORTRAIT
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
