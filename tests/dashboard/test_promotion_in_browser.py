"""The promotion page in a real browser: policy, accessibility, keyboard, no scripts, live progress."""

from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from approvals.intake import revise_card
from approvals.models import Promotion
from approvals.standing import current_runs
from tests import factories
from tests.dashboard.accessible import assert_accessible, expect_width
from tests.dashboard.browsing import NOTE_VIOLATIONS, client_of
from tests.factories import persona, promotion_in
from work.actions import claim

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def context_of(browser: Browser, live_server: Any) -> Iterator[OpenContext]:
    """Makes browsers in which a person is signed in."""
    opened = []

    def open_for(who: str, **options: Any) -> BrowserContext:
        told = {"viewport": {"width": 1440, "height": 900}, "base_url": live_server.url, **options}
        context = browser.new_context(**told)
        if told.get("java_script_enabled", True):
            context.add_init_script(NOTE_VIOLATIONS)
        session = client_of(persona(who)).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        opened.append(context)
        return context

    yield open_for
    for context in opened:
        context.close()


def page_of(context: BrowserContext, promotion: Promotion, *, width: int = 1440) -> Page:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"/promotions/{promotion.pk}/")
    return page


def compared() -> Promotion:
    """In review, and clearly worse for one group, under a policy that lets that pass."""
    policy = deepcopy(factories.PRODUCTION_POLICY)
    policy["gates"][0]["parameters"]["at_least"] = 0.1
    policy["gates"][1]["parameters"]["margin"] = 0.9
    factories.policies(production=policy)
    factories.live_version(strength=0.3)
    return factories.run_gates(promotion_in("checking", strength=0.35, weak_for="south"))


@pytest.mark.slow
def test_the_page_fits_is_accessible_and_keeps_the_policy(context_of: OpenContext, live_server: Any) -> None:
    promotion = compared()
    context = context_of("sam")
    for theme, first, then in (("light", 1440, 390), ("dark", 390, 1440)):
        context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
        with closing(page_of(context, promotion, width=first)) as page:
            expect(page.locator("figure[data-drawn]")).to_have_count(1, timeout=30_000)
            for width in (first, then):
                page.set_viewport_size({"width": width, "height": 900})
                expect_width(page, width)
                assert_accessible(page, f"{theme}, {width} pixels")
            assert page.evaluate("violations") == []


@pytest.mark.slow
def test_every_kind_of_panel_is_accessible(context_of: OpenContext) -> None:
    context = context_of("dana")
    for state in ("checking", "blocked", "changes_requested", "completed", "rejected"):
        with closing(page_of(context, promotion_in(state))) as page:
            assert_accessible(page, state)


@pytest.mark.slow
def test_the_first_screen_says_what_gets_worse_for_whom_and_what_is_asked(context_of: OpenContext) -> None:
    promotion, context = compared(), context_of("riley")
    for width, role, asked in ((1440, "heading", "Your decision"), (390, "link", "Decide")):
        with closing(page_of(context, promotion, width=width)) as page:
            expect(page.get_by_text("Recall gets worse for region south")).to_be_in_viewport()
            expect(page.get_by_role(role, name=asked)).to_be_in_viewport()


@pytest.mark.slow
def test_the_verdicts_are_in_sight_before_anything_is_scrolled(context_of: OpenContext) -> None:
    page = page_of(context_of("sam"), compared())
    page.set_viewport_size({"width": 1440, "height": 760})
    for name in ("Approve", "Reject", "Request changes"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.slow
def test_what_is_missing_has_the_focus_after_a_refusal(context_of: OpenContext, scripts: bool) -> None:
    page = page_of(context_of("riley", java_script_enabled=scripts), promotion_in("in_review"))
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#refused")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Somebody is named who maintains it")).to_be_focused()


def test_a_decision_works_by_keyboard_alone(context_of: OpenContext) -> None:
    promotion = promotion_in("in_review")
    page = page_of(context_of("riley"), promotion)
    page.get_by_label("Somebody is named who maintains it").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Gain is real.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Approved.")).to_be_visible()
    assert promotion.reviews.get().comment == "Gain is real."


def test_enter_in_a_checklist_item_decides_nothing(context_of: OpenContext) -> None:
    promotion = promotion_in("in_review")
    page = page_of(context_of("riley"), promotion)
    page.get_by_label("Somebody is named who maintains it").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was decided.")
    expect(page.get_by_label("Somebody is named who maintains it")).to_be_checked()
    assert not promotion.reviews.exists()


def test_a_decision_works_without_scripts(context_of: OpenContext) -> None:
    promotion = promotion_in("in_review")
    page = page_of(context_of("riley", java_script_enabled=False), promotion)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the 2 open items")
    page.get_by_label("Somebody is named who maintains it").check()
    page.get_by_label("It is clear what to go back to").check()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("You have approved.")).to_be_visible()
    assert promotion.reviews.get().reviewer == persona("riley")


@pytest.mark.slow
def test_progress_shows_live_and_the_form_keeps_its_words(context_of: OpenContext) -> None:
    promotion = promotion_in("checking")
    page = page_of(context_of("riley"), promotion)
    page.get_by_label("Comment", exact=True).fill("Half a thought")
    run = current_runs(promotion)[0]
    lease = claim(run.job_id or 0)
    assert lease
    lease.report(0.4, "running the model")
    expect(page.locator("#gate-quality-floor")).to_contain_text("Running")
    page.locator("#gate-quality-floor summary").click()
    expect(page.get_by_text("running the model")).to_be_visible()
    lease.report(0.8, "measuring")
    expect(page.get_by_text("measuring", exact=True)).to_be_visible()  # still open after a refresh
    lease.give_back(error="", wait=timedelta(0))
    factories.finish_gates(promotion)
    expect(page.locator("#moved")).to_contain_text("its gates are through")
    expect(page.locator("#state")).to_have_text("Awaiting review")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Half a thought")
    page.locator("#moved").get_by_role("link", name="Reload").click()
    expect(page.locator("#moved")).to_be_empty()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Half a thought")


def test_a_reason_being_typed_is_not_swapped_away(context_of: OpenContext) -> None:
    promotion = promotion_in("checking")
    factories.finish_gate(current_runs(promotion)[0], "failed")
    page = page_of(context_of("dana"), promotion)
    reason = page.get_by_label("Why Quality floor should run again")
    reason.fill("The disk was")
    with page.expect_response("**/promotions/*/?part=gates*"):
        pass
    with page.expect_response("**/promotions/*/?part=gates*"):
        pass
    expect(reason).to_have_value("The disk was")
    expect(reason).to_be_focused()


def test_a_stale_page_keeps_the_words_and_says_what_moved(context_of: OpenContext) -> None:
    promotion = promotion_in("in_review")
    page = page_of(context_of("riley"), promotion)
    page.get_by_label("Somebody is named who maintains it").check()
    page.get_by_label("Comment", exact=True).fill("Gain is real.")
    revise_card(promotion.version, text=factories.CARD + "\nMore.\n", actor=persona("dana"))
    factories.finish_gates(Promotion.objects.get(pk=promotion.pk))
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("the model card")
    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Gain is real.")
    expect(page.get_by_label("Somebody is named who maintains it")).to_be_checked()


def test_signing_out_elsewhere_stops_the_updates_and_says_so(context_of: OpenContext) -> None:
    promotion = promotion_in("checking")
    context = context_of("riley")
    page = page_of(context, promotion)
    context.clear_cookies()
    expect(page.get_by_text("Live updates stopped.")).to_be_visible()
    expect(page.locator("#gates-part")).to_contain_text("Artifact intact")
