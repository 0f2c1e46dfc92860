"""People decide, in a real browser, on the embedded set-up with its workers alive."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import CARD, Desk, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("demo")]


def tick_all(page: Page) -> None:
    for box in page.locator("#decision input[type=checkbox]").all():
        box.check()


def open_promotion(page: Page, desk: Desk, who: str, promotion: int) -> None:
    sign_in(page, desk, who)
    page.goto(f"{desk.url}/promotions/{promotion}/")


def test_two_people_decide_and_the_version_is_live(desk: Desk, page: Page, browser: Browser, tmp_path: Path):
    name, promotion = desk.promotion_to_production(tmp_path, wait=True)
    open_promotion(page, desk, "riley", promotion)
    tick_all(page)
    page.get_by_label("Comment", exact=True).fill("Looks right to me.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Your mark is struck")).to_be_visible()
    with browser.new_context() as other:
        sams = other.new_page()
        sign_in(sams, desk, "sam")
        sams.get_by_role("link", name=name).click()
        tick_all(sams)
        sams.get_by_role("button", name="Approve").click()
        expect(sams.locator("#decide-title")).to_have_text("Approved for Production")
        sams.goto(f"{desk.url}/models/{name}/")
        expect(sams.locator(".lanes > li").first).to_contain_text("v1")
    with desk.client("omar", "read") as omar:
        assert omar.production(name)["arms"][0]["version"] == 1
        verbs = [event["verb"] for event in omar.audit_events(model=name)]
    assert verbs[0] == "promotion.completed"
    assert verbs.count("promotion.approved") == 2


def test_requester_sees_why_they_can_not_decide_and_who_can(desk: Desk, page: Page, tmp_path: Path):
    promotion = desk.promotion_in_review(tmp_path)
    open_promotion(page, desk, "dana", promotion)
    expect(page.locator("#decision")).to_contain_text("You can't decide: you requested this promotion.")
    expect(page.locator("#decision")).to_contain_text("Riley Chen or Sam Okafor decide next.")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_approving_with_open_items_says_so_and_keeps_the_words(desk: Desk, page: Page, tmp_path: Path):
    promotion = desk.promotion_in_review(tmp_path)
    open_promotion(page, desk, "riley", promotion)
    page.get_by_label("Comment", exact=True).fill("I was too quick.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Not approved yet. Tick the 2 open items")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("I was too quick.")


def test_stale_seal_is_refused_and_says_what_moved(desk: Desk, page: Page, tmp_path: Path):
    name, promotion = desk.promotion_to_production(tmp_path, wait=True)
    open_promotion(page, desk, "riley", promotion)
    tick_all(page)
    page.get_by_label("Comment", exact=True).fill("On what I read.")
    with desk.client("dana") as dana:
        dana.put_card(name, 1, CARD.replace("can't do anything", "can do everything"))
        desk.have_card_reviewed(name, 1)
        desk.reach(dana, promotion, "in_review")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("alert")).to_contain_text("the model card")
        expect(page.get_by_label("Comment", exact=True)).to_have_value("On what I read.")
        assert dana.promotion(promotion)["reviews"] == []
    tick_all(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Your mark is struck")).to_be_visible()


def test_open_page_follows_the_gates_until_they_are_through(desk: Desk, page: Page, tmp_path: Path):
    sign_in(page, desk, "riley")
    _, promotion = desk.promotion_to_production(tmp_path, wait=False)
    page.goto(f"{desk.url}/promotions/{promotion}/")
    expect(page.locator("#gates-part")).to_contain_text("4 passed", timeout=20_000)
    expect(page.locator("#gates-part")).not_to_contain_text("running")


def test_keyboard_alone_is_enough_to_decide(desk: Desk, page: Page, tmp_path: Path):
    promotion = desk.promotion_in_review(tmp_path)
    open_promotion(page, desk, "riley", promotion)
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.type || '', document.activeElement.textContent.trim()]")
        if focused[0] == "checkbox":
            page.keyboard.press("Space")
        if focused == ["submit", "Approve"]:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"  # the reader sees where they are
            page.keyboard.press("Enter")
            break
    expect(page.get_by_text("Your mark is struck")).to_be_visible()


def test_decision_works_without_javascript(desk: Desk, browser: Browser, tmp_path: Path):
    promotion = desk.promotion_in_review(tmp_path)
    with browser.new_context(java_script_enabled=False) as plain:
        page = plain.new_page()
        open_promotion(page, desk, "sam", promotion)
        expect(page.locator("#gates-part")).to_contain_text("4 passed")
        tick_all(page)
        page.get_by_label("Comment", exact=True).fill("This loses too much.")
        page.get_by_role("button", name="Reject").click()
        expect(page.locator("#decide-title")).to_have_text("Rejected")
        expect(page.locator("#decision")).to_contain_text("This loses too much.")


def test_inconclusive_gate_is_acknowledged_with_a_reason(desk: Desk, page: Page):
    with desk.client("sam", "read") as sam:
        waiting = {line["label"]: line["id"] for line in sam.promotions(state="in_review", model="loan-approval")}
    open_promotion(page, desk, "sam", waiting["1.4.0"])
    tick_all(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("why it is acceptable that AUC kept is inconclusive")
    page.get_by_placeholder("Acceptable, because").fill("Nothing is lost that anybody would notice.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Your mark is struck")).to_be_visible()
    expect(page.locator("#gates-part")).to_contain_text("Nothing is lost that anybody would notice.")


def test_administrator_makes_riley_reviewer_on_one_model_in_three_steps(desk: Desk, page: Page):
    with desk.client("dana") as dana:
        name = f"tried-{next(desk.names)}"
        dana.create_model(name)
    sign_in(page, desk, "admin")
    page.goto(f"{desk.url}/admin/accounts/rolegrant/add/")  # 1: add a role grant
    page.get_by_label("Person").select_option(label="Omar Haddad (omar)")  # 2: who, which, where
    page.get_by_role("radio", name="Reviewer").check()
    page.locator("select[name=model]").select_option(label=name)
    page.locator("input[name=_save]").click()  # 3: save
    expect(page.get_by_text("was added successfully")).to_be_visible()
    sign_in(page, desk, "omar")
    page.goto(f"{desk.url}/account/")
    expect(page.locator("main")).to_contain_text(f"{name}")
    expect(page.locator("main")).to_contain_text("Reviewer")
