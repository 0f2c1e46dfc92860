"""A card's pages in a real browser: accessible, narrow, quiet on the console, and whole without scripts."""

import pytest
from playwright.sync_api import Page, expect

from approvals.intake import review_card, revise_card
from registry.models import Version
from registry.queries import newest_card
from tests import factories
from tests.dashboard.accessible import assert_accessible, expect_width
from tests.dashboard.browsing import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ADDED = "\n## A heading that isn’t short\n{{ metric auc on loan-holdout@1 }}, {{ metric auc on none@1 }}\n"
ADDRESS = "/models/loan/versions/1/card/"


@pytest.fixture
def version(transactional_db: None) -> Version:
    """A version with evidence, and a card that changed since it was reviewed."""
    factories.personas()
    found = factories.version_of(factories.model_named(), final=False)
    factories.evidence_of(found)
    card = newest_card(found)
    assert card is not None
    review_card(card, actor=factories.persona("riley"))
    revise_card(found, text=factories.CARD.replace("one", "no") + ADDED, actor=factories.persona("dana"))
    return found


def assert_sound(page: Page, where: str) -> None:
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        expect_width(page, width)
        assert_accessible(page, f"{where}, {width} pixels")
    assert page.evaluate("violations") == [], where


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_reading_comparing_and_previewing_are_sound(open_page: OpenPage, version: Version, theme: str) -> None:
    reader, writer = open_page("riley", theme=theme), open_page("dana", theme=theme)
    reader.goto(f"{ADDRESS}?revision=1")
    reader.locator("summary", has_text="What changed in Limitations").click()
    assert_sound(reader, f"reading, {theme}")
    writer.goto(f"{ADDRESS}edit/")
    form = writer.get_by_label("Card", exact=True)
    form.fill("## Intended use\nTyped **here**.\n" + ADDED)
    form.evaluate("each => { each.dataset.same = 'yes' }")
    writer.get_by_role("button", name="Preview").click()
    expect(writer.get_by_role("region", name="Preview")).to_contain_text("Typed here.")
    assert form.get_attribute("data-same") == "yes"  # the form wasn't swapped under the writer
    assert_sound(writer, f"previewing, {theme}")


def test_a_card_is_previewed_and_saved_without_scripts(open_page: OpenPage, version: Version) -> None:
    page = open_page("dana", scripts=False)
    page.goto(f"{ADDRESS}edit/")
    page.get_by_label("Card", exact=True).fill("## Intended use\nTyped by hand.\n")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Typed by hand.")
    page.get_by_role("button", name="Save as a new revision").click()
    expect(page.get_by_role("main")).to_contain_text("revision 3 by Dana Ortiz")
    assert version.card_revisions.get(number=3).text == "## Intended use\nTyped by hand.\n"
