"""The compare page in a real browser: charts drawn after the page is readable, policy kept, accessible, whole without
scripts, and brought up to date when a worker is through."""

import re

import pytest
from playwright.sync_api import Page, expect

from evidence.actions import compare_evaluations
from evidence.asked import TASK
from evidence.models import Evaluation
from evidence.tasks import compare_task
from registry.models import Version
from tests import factories
from tests.dashboard.accessible import assert_accessible
from tests.dashboard.browsing import OpenPage
from work.models import Job

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ADDRESS = "/models/loan/compare/?versions=1,2,3&dataset=loan-holdout@1&baseline=1"
LONG = "x" * 64


@pytest.fixture
def three() -> list[Evaluation]:
    """Of a model with the longest name, 60 groups and labels as long as they may be."""
    factories.personas()
    factories.holdout(rows=4800, groups=[f"group {at:02}" for at in range(60)])
    model = factories.model_named()
    versions = [factories.version_of(model, features=["amount", f"feature_{at}" * 12]) for at in (1, 2, 3)]
    made = [factories.evidence_of(version, strength=0.1 + 0.1 * at, seed=at) for at, version in enumerate(versions)]
    compare_evaluations(made[1], made[0])
    Version.objects.filter(pk=versions[1].pk).update(label=f"9.0.0-{LONG[:58]}")
    return made


def drawn(page: Page, charts: int) -> None:
    expect(page.locator("figure[data-drawn]")).to_have_count(charts, timeout=20_000)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_every_chart_is_drawn_and_the_page_fits_and_is_accessible(
    three: list[Evaluation], open_page: OpenPage, theme: str, width: int
) -> None:
    page = open_page("riley", theme=theme, width=width)
    page.goto(ADDRESS)
    drawn(page, 7)
    for summary in page.locator("main details > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page, f"compare {theme} {width}")
    page.goto("/models/loan/compare/?versions=1,2&choose=1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page, f"choice {theme} {width}")
    assert page.evaluate("violations") == []


def test_the_page_is_readable_before_plotly_arrives(three: list[Evaluation], open_page: OpenPage) -> None:
    page = open_page("riley")
    page.route("**/plotly.min.js", lambda _route: None)  # never answered
    page.goto(ADDRESS, wait_until="domcontentloaded")
    expect(page.locator(".lede")).to_be_visible()
    expect(page.get_by_role("rowheader", name="AUC higher is better").first).to_be_visible()
    assert page.evaluate("performance.getEntriesByType('paint').length") > 0
    expect(page.locator("figure[data-drawn]")).to_have_count(0)


def test_without_scripts_versions_are_chosen_compared_and_read(three: list[Evaluation], open_page: OpenPage) -> None:
    page = open_page("riley", scripts=False)
    page.goto("/models/loan/compare/")
    page.get_by_label("1", exact=True).uncheck()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".chart-box:visible")).to_have_count(0)
    page.get_by_text("Show as table").first.click()
    expect(page.get_by_role("columnheader", name="95% interval").first).to_be_visible()
    page.get_by_label("Measure", exact=True).select_option("log_loss")
    page.locator("section:has(#groups)").get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_label("Measure", exact=True)).to_have_value("log_loss")


def test_comparisons_asked_for_appear_when_the_worker_is_through(three: list[Evaluation], open_page: OpenPage) -> None:
    page = open_page("riley")
    page.goto(ADDRESS)
    expect(page.get_by_text("not compared yet").first).to_be_attached()
    page.get_by_role("button", name="Compare them row by row").click()
    expect(page.get_by_text("2 comparisons to go")).to_be_visible()
    for job in Job.objects.filter(task=TASK):
        compare_task(job.pk)
    # Between the two the page says "1 comparison to go".
    expect(page.get_by_text(re.compile("comparisons? to go"))).to_have_count(0, timeout=15_000)
    expect(page.locator("#measures")).to_be_visible()
    expect(page.get_by_text("not compared yet")).to_have_count(0)
