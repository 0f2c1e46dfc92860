"""The desk's pages in a real browser: accessible, narrow, within the policy, alive, and whole without scripts."""

import re

import pytest
from playwright.sync_api import expect

from approvals.actions import report_defect
from approvals.models import Promotion, State
from registry.lineage import basis_of_dataset
from registry.models import Version
from tests import factories
from tests.dashboard.accessible import assert_accessible, expect_width
from tests.dashboard.browsing import OpenPage
from work.models import Job

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Below this many pixels a page is worked with a thumb.
NARROW = 600
#: Shown buttons, fields and links of the navigation that are less than 40 pixels high.
SMALL_TARGETS = """
[...document.querySelectorAll("main :is(.btn, button, select, input), nav[aria-label=Main] a")]
  .filter((each) => !["checkbox", "radio", "hidden"].includes(each.type))
  .filter((each) => each.checkVisibility() && !each.closest(".sr"))
  .filter((each) => each.getBoundingClientRect().height < 40)
  .map((each) => `${each.className} ${each.textContent.trim() || each.name}`)
"""


@pytest.fixture
def desk(transactional_db: None) -> list[str]:
    """A desk with something on every page, and the addresses of its pages."""
    live = factories.live_version()
    factories.promotion_in(State.CHECKING, model=live.model)
    blocked = factories.promotion_in(
        State.BLOCKED, model=factories.model_named("a-name-so-long-that-it-must-be-broken-" * 3)
    )
    policy = Promotion.objects.filter(to_stage="Production").latest("pk").policy_revision.policy_id
    return [
        *("/", "/models/", "/models/?q=nothing", "/audit/?actor=nobody", "/models/loan/", "/models/loan/versions/1/"),
        *("/models/loan/versions/2/", "/audit/", "/policies/", f"/policies/{policy}/"),
        *("/account/", "/account/password/", "/sign-in/", "/exceptions/", "/models/loan/?sort=-auc&stage=Production"),
        *("/models/loan/versions/1/lineage/", "/lineage/impact/", "/lineage/impact/?dataset=loan-train@1"),
        *("/datasets/", "/datasets/loan-holdout/", "/datasets/loan-holdout/versions/1/", "/no-such-page/"),
        *("/compare/", "/models/loan/?metric=log_loss&direction=higher", f"/audit/?promotion={blocked.pk}"),
    ]


@pytest.mark.slow
def test_pages_fit_and_are_accessible_and_within_the_policy(open_page: OpenPage, desk: list[str]) -> None:
    data = Version.objects.get(model__name="loan", number=1).trained_on.get()
    report_defect(basis_of_dataset(data), actor=factories.persona("sam"), reason="Doubled rows.")
    for widths, theme in (((1440, 320), "dark"), ((390,), "light")):
        page = open_page("riley", width=widths[0], theme=theme)
        for address in desk:
            answer = page.goto(address)
            assert answer is not None
            assert answer.ok or answer.status == 404, address
            for width in widths:
                page.set_viewport_size({"width": width, "height": 900})
                expect_width(page, width)
                assert width > NARROW or page.evaluate(SMALL_TARGETS) == [], address
                assert_accessible(page, f"{address}, {theme}, {width} pixels")
            assert page.evaluate("violations") == [], address
            page.set_viewport_size({"width": widths[0], "height": 900})


@pytest.mark.slow
def test_a_running_gate_shows_its_progress_without_moving_the_reader(open_page: OpenPage, desk: list[str]) -> None:
    promotion = Promotion.objects.get(state=State.CHECKING)
    page = open_page("riley")
    page.clock.install()
    page.goto("/")
    link = page.locator(f"#promotion-{promotion.pk}")
    link.focus()
    run = promotion.gate_runs.filter(is_current=True).earliest("position")
    Job.objects.filter(subject=f"gate-run:{run.pk}").update(progress=0.4, word="predicting")
    Job.objects.filter(subject=f"gate-run:{run.pk}").update(state="running", lease_until="2100-01-01T00:00Z")
    page.clock.run_for(5_100)
    expect(page.get_by_text("10%, predicting")).to_be_visible()
    expect(link).to_be_focused()
    expect(page.locator("#inbox-news")).to_be_empty()


@pytest.mark.slow
def test_a_change_of_state_is_spoken_and_ends_the_refreshing(open_page: OpenPage, desk: list[str]) -> None:
    page = open_page("riley")
    page.clock.install()
    page.goto("/")
    factories.finish_gates(Promotion.objects.get(state=State.CHECKING))
    page.clock.run_for(5_100)
    expect(page.locator("#inbox-news")).to_have_text("The lists changed: 1 waiting for you.")
    expect(page.get_by_text("yours is next")).to_be_visible()
    expect(page.locator("#open-promotions")).not_to_have_attribute("hx-trigger", re.compile("."))


def test_promoting_works_without_scripts(open_page: OpenPage, desk: list[str]) -> None:
    factories.version_of(factories.model_named("other"))
    page = open_page("dana", scripts=False)
    page.goto("/models/other/")
    page.get_by_role("link", name="Promote v1").click()
    page.get_by_label("Reason").fill("Better for the young.")
    page.get_by_role("button", name="Promote v1").click()
    opened = Promotion.objects.get(version__model__name="other", to_stage="Production")
    expect(page).to_have_url(re.compile(f"/promotions/{opened.pk}/"))
    assert opened.reason == "Better for the young."


@pytest.mark.slow
def test_a_card_is_revised_by_keyboard_alone(open_page: OpenPage, desk: list[str]) -> None:
    page = open_page("dana")
    page.goto("/models/loan/versions/1/")
    page.get_by_role("link", name="Revise the card").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Card", exact=True).focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("## Intended use\nTyped by hand.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("revision 2 by Dana Ortiz")).to_be_visible()
    assert (
        Version.objects.get(model__name="loan", number=1).card_revisions.get(number=2).text.endswith("Typed by hand.")
    )
