"""A card's sections: cut without loss, marked as read one by one, and started from a template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions import grant_role
from accounts.reasons import Conflict, Invalid, NotFound
from approvals.intake import revise_card
from audit.models import AuditEvent
from dashboard.pages import card_sections
from registry.actions import mark_card_reviewed, mark_section_reviewed
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
    with pytest.raises(Conflict, match="You wrote this section in revision 1 of the card"):
        mark_section_reviewed(card, digest=sections_of(card.text)[0].digest, actor=card.written_by)


def marked(version, title, who):
    """Marks the section of the newest revision as this person; the reason where that is refused."""
    newest = newest_card(version)
    digest = next(each.digest for each in sections_of(newest.text) if each.title == title)
    try:
        mark_section_reviewed(newest, digest=digest, actor=who)
    except Conflict as conflict:
        return conflict.reason.text
    return ""


def test_a_section_is_its_writers_whoever_saves_the_card_after_them(card):
    dana, both, version = card.written_by, factories.person("Bo", "contributor", "reviewer"), card.version
    revise_card(version, text=factories.CARD + "\n## Ethics\nNone.\n", actor=both)
    assert marked(version, "Limitations", dana) == "You wrote this section in revision 1 of the card."
    assert marked(version, "Ethics", both) == "You wrote this section in revision 2 of the card."
    assert marked(version, "Ethics", dana) == ""
    assert marked(version, "Limitations", both) == ""


def test_a_blank_more_makes_a_section_nobody_elses(card):
    dana, both, version = card.written_by, factories.person("Bo", "contributor", "reviewer"), card.version
    revise_card(version, text=factories.CARD.replace("one city", "one  city"), actor=both)
    for who, number in ((dana, 1), (both, 2)):
        assert marked(version, "Limitations", who) == f"You wrote this section in revision {number} of the card."


def test_words_brought_back_are_theirs_who_wrote_them_first_and_theirs_who_brought_them_back(card):
    dana, both, version = card.written_by, factories.person("Bo", "contributor", "reviewer"), card.version
    revise_card(version, text=factories.CARD.split("\n## Limitations")[0], actor=both)
    mark_card_reviewed(newest_card(version), actor=factories.persona("riley"))
    revise_card(version, text=factories.CARD, actor=both)
    assert "revision 1" in marked(version, "Limitations", dana)
    assert "revision 3" in marked(version, "Limitations", both)


@pytest.mark.parametrize("whole", [True, False])
def test_who_wrote_what_others_read_since_may_read_what_became_of_it(card, whole):
    dana, both, version = card.written_by, factories.person("Bo", "contributor", "reviewer"), card.version
    if whole:
        mark_card_reviewed(card, actor=factories.persona("riley"))
    else:
        assert marked(version, "Limitations", factories.persona("riley")) == ""
    revise_card(version, text=factories.CARD.replace("one city", "two cities"), actor=both)
    assert "revision 2" in marked(version, "Limitations", both)
    assert marked(version, "Limitations", dana) == ""
    assert "revision 1" in marked(version, "Training data", dana)


def test_the_reviewed_card_is_cut_once_however_many_sections_are_compared_with_it(card, monkeypatch):
    text = "".join(f"# a{number}\n" for number in range(50))
    revise_card(card.version, text=text, actor=card.written_by)
    mark_card_reviewed(newest_card(card.version), actor=factories.persona("riley"))
    revise_card(card.version, text=text.replace("# a", "# b", 9), actor=card.written_by)
    cut = []

    def counted(text):
        cut.append(text)
        return sections_of(text)

    monkeypatch.setattr(card_sections, "sections_of", counted)
    read = card_sections.sections_read(card.version, newest_card(card.version), factories.persona("riley"))
    assert (len(read.sections), read.unread, len(cut)) == (50, 9, 2)


def test_a_section_that_is_not_in_the_card_is_refused(card):
    with pytest.raises(NotFound, match="No section of card revision 1"):
        mark_section_reviewed(card, digest="0" * 64, actor=factories.persona("riley"))
    assert not card.section_reviews.exists()
