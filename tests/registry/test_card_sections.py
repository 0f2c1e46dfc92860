"""A card's sections: cut without loss, marked as read one by one, and started from a template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions import grant_role
from accounts.reasons import Conflict, Invalid, NotFound
from audit.models import AuditEvent
from registry.actions import mark_section_reviewed
from registry.card_sections import WantedSection, sections_of, with_sections
from registry.cards import read_card
from registry.queries import newest_card
from tests import factories

TEXT = "---\nlicense: mit\n---\nHello.\n\n# Loan\nOne.\n## Use\nTwo.\n### Direct\nThree.\n## Use\nFour.\n"


def test_a_card_is_cut_at_its_headings_of_two_levels():
    assert [section.title for section in sections_of(TEXT)] == ["Front matter", "Opening", "Loan", "Use", "Use (2)"]
    assert sections_of(TEXT)[3].text == "## Use\nTwo.\n### Direct\nThree.\n"


def test_headings_in_code_begin_no_section():
    assert [section.title for section in sections_of("## Use\n```\n# a comment\n```\nMore.\n")] == ["Use"]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Use\n---\nTwo.\n\nLimits\n===\nThree.\n", ["Use", "Limits"]),
        ("## Use\n````\n```\n# a comment\n```\n# another\n````\nMore.\n", ["Use"]),
        ("## Use\n> ```\n> # a comment\n> ```\n  ## Limits ##\nMore.\n", ["Use", "Limits"]),
        ("## Use\r\nTwo.\r\n## Limits\r\nThree.\r\n", ["Use", "Limits"]),
    ],
)
def test_headings_are_what_markdown_takes_for_headings(text, titles):
    assert [section.title for section in sections_of(text)] == titles


PIECES = ["# A\n", "## B\n", "text\n", "```\n", "````\n", "---\n", "===\n", "a: 1\n", "\n", "~~~\n", "> ", "- ", "    "]


@given(st.lists(st.sampled_from(PIECES)))
def test_nothing_is_left_out_but_blank_parts(lines):
    text = "".join(lines)
    cut = "".join(section.text for section in sections_of(text))
    assert [line for line in cut.splitlines() if line.strip()] == [line for line in text.splitlines() if line.strip()]


def test_a_section_that_stays_has_the_same_digest_wherever_it_stands():
    before, after = sections_of(TEXT), sections_of(TEXT + "\n## More\nFive.\n")
    assert [section.digest for section in after][: len(before)] == [section.digest for section in before]
    assert len({section.digest for section in after}) == len(after)


WANTED = [
    WantedSection("Intended use", "Who decides?"),
    WantedSection("Limitations"),
    WantedSection("Ethics", "For whom?"),
]


def test_missing_sections_are_added_with_their_hints_and_count_as_unwritten():
    text = with_sections("# Loan\n\n## intended USE\nLoans.\n", WANTED)
    assert text == "# Loan\n\n## intended USE\nLoans.\n\n## Limitations\n\n## Ethics\n\n<!-- For whom? -->\n"
    assert read_card(text).missing_sections([each.title for each in WANTED]) == ["Limitations", "Ethics"]


def test_adding_them_again_changes_nothing():
    once = with_sections("", WANTED)
    assert once.startswith("---\nlicense: other\n---\n")
    assert with_sections(once, WANTED) == once


def test_a_card_whose_front_matter_can_not_be_read_gets_none():
    with pytest.raises(Invalid):
        with_sections("---\na: [\n---\n", WANTED)


# --- Marking one as read ------------------------------------------------------------------------------


@pytest.fixture
def card(db):
    factories.personas()
    return newest_card(factories.version_of(factories.model_named(), final=False))


def test_a_reviewer_marks_a_section_once_and_it_is_on_the_record(card):
    section = sections_of(card.text)[-1]
    riley, sam = factories.persona("riley"), factories.persona("sam")
    marked = mark_section_reviewed(card, digest=section.digest, actor=riley)
    assert mark_section_reviewed(card, digest=section.digest, actor=sam) == marked
    assert (marked.section, marked.reviewed_by) == ("Limitations", riley)
    event = AuditEvent.objects.get(verb="card.section_reviewed")
    assert event.after == {"revision": 1, "section": "Limitations", "digest": section.digest}
    card.refresh_from_db()
    assert card.reviewed_by is None


def test_its_writer_marks_none(card):
    grant_role("reviewer", to=card.written_by, actor=None)
    with pytest.raises(Conflict, match="You wrote this revision"):
        mark_section_reviewed(card, digest=sections_of(card.text)[0].digest, actor=card.written_by)


def test_a_section_that_is_not_in_the_card_is_refused(card):
    with pytest.raises(NotFound, match="No section of card revision 1"):
        mark_section_reviewed(card, digest="0" * 64, actor=factories.persona("riley"))
    assert not card.section_reviews.exists()
