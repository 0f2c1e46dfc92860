"""A card's page: read, compared, reviewed whole and by section, written without losing a word, taken away."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actions import grant_role
from approvals.intake import review_card, revise_card
from registry.card_sections import sections_of
from registry.models import CardRevision, Version
from registry.queries import newest_card
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Any:
    return factories.personas()


@pytest.fixture
def version(people: Any) -> Version:
    factories.policies()
    return factories.version_of(factories.model_named(), label="1.0.0")


def address(version: Version) -> str:
    return f"/models/{version.model.name}/versions/{version.number}/card/"


def card_of(version: Version) -> CardRevision:
    card = newest_card(version)
    assert card is not None
    return card


def review(who: Any, version: Version, **form: str) -> Any:
    return client_of(who).post(address(version), {"seen": card_of(version).digest, **form})


def edit(who: Any, version: Version, action: str, text: str, *, seen: str | None = None, **more: Any) -> Any:
    seen = card_of(version).digest if seen is None else seen
    return client_of(who).post(f"{address(version)}edit/", {"action": action, "text": text, "seen": seen, **more})


def body(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


# --- Reading it --------------------------------------------------------------------------------------


def test_the_card_is_rendered_with_its_front_matter_as_a_table(people: Any, version: Version) -> None:
    page = page_of(people.ana, address(version))
    assert '<th scope="row" role="rowheader">license</th><td role="cell">mit</td>' in page
    assert "<h4>Intended use</h4>" in page


def test_a_cards_markup_is_harmless(people: Any) -> None:
    card = "---\ntitle: <script>1</script>\n---\n## <script>2</script>\n<script>3</script> [x](javascript:alert(1))"
    version = factories.version_of(factories.model_named(), card=card, final=False)
    for who, where in ((people.ana, ""), (people.riley, "?read=1"), (people.dana, "edit/")):
        page = page_of(who, address(version) + where)
        for number in (1, 2, 3):
            assert f"<script>{number}" not in page
        assert 'href="javascript' not in page


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("## Use\n#### Deep\n# Top", ["<h3>Use</h3>", "<h4>Deep</h4>", "<h3>Top</h3>"]),
        ("# A\n## B\n### C\n#### D\n##### E\n###### F", ["<h3>A</h3>", "<h6>D</h6>", "<h6>E</h6>", "<h6>F</h6>"]),
    ],
    ids=["levels left out", "more levels than there are"],
)
def test_a_cards_headings_keep_their_order_below_the_pages_own(people: Any, written: str, shown: list[str]) -> None:
    version = factories.version_of(factories.model_named(), card=written, final=False)
    words = section(page_of(people.ana, address(version)), "words")
    assert all(heading in words for heading in shown)


def test_figures_come_from_evidence_wherever_the_card_is_read(people: Any) -> None:
    promotion = factories.promotion_in("in_review")
    version = promotion.version
    auc = version.evaluations.get().values.get(metric="auc", column="")
    text = factories.CARD + "\n## Figures\nIt reaches {{ metric auc on loan-holdout@1 }}, {{ metric auc on new@1 }}.\n"
    revise_card(version, text=text, actor=people.dana)
    for where in (address(version), address(version).removesuffix("card/"), f"/promotions/{promotion.pk}/"):
        page = page_of(people.riley, where)
        assert f'/evidence/loan-holdout@1/">{auc.value:.3f}</a>' in page, where
        assert f"95% interval {auc.low:.3f} to {auc.high:.3f}" in page, where
        assert "AUC on new@1: no evidence yet" in page, where
        assert "{{ metric" not in page.replace("<ins>", ""), where


def test_only_the_beginning_of_a_long_card_is_shown_until_all_is_asked_for(people: Any, version: Version) -> None:
    revise_card(version, text="## Long\n" + "A line of words.\n" * 6_000 + "\n## The end\n", actor=people.dana)
    page = page_of(people.ana, address(version))
    shown = section(page, "words")
    assert 40_000 < len(shown) < 52_000
    assert "54.0 kB more are not shown" in shown
    assert "<h3>The end</h3>" in page_of(people.ana, f"{address(version)}?whole=1")
    assert "54.0 kB more are not shown" in page_of(people.ana, address(version).removesuffix("card/"))


def test_an_earlier_wording_is_read_and_can_not_be_reviewed(people: Any, version: Version) -> None:
    revise_card(version, text="## Intended use\nShorter.\n", actor=people.dana)
    page = page_of(people.riley, f"{address(version)}?read=1")
    assert "This is an earlier wording." in page
    assert "Estimates whether a loan is approved." in page
    assert "I have read it" not in page
    page_of(people.riley, f"{address(version)}?read=3", 404)


def test_a_version_without_a_card_says_what_one_is_for(people: Any) -> None:
    version = factories.version_of(factories.model_named(), card="", final=False)
    assert "There is no card yet" in page_of(people.ana, address(version))
    page_of(people.ana, f"{address(version)}README.md", 404)


NOT_PLAIN = ['x: "\\ud800"', "x: 0x" + "f" * 4_000, "x: !!binary aGk=", "x: " + "[" * 60 + "]" * 60]


@pytest.mark.parametrize("front", [*NOT_PLAIN, "changes: {2024-01-01: first}"], ids=lambda front: front[:8])
def test_no_front_matter_keeps_a_page_or_the_file_from_being_read(people: Any, front: str) -> None:
    """Not even of a card that was stored before such front matter was refused."""
    promotion = factories.promotion_in("in_review")
    version = promotion.version
    text = f"---\n{front}\n---\n## Intended use\nLoans.\n"
    version.card_revisions.create(number=2, text=text, digest="d" * 64, written_by=people.dana)
    for where in (address(version), address(version).removesuffix("card/"), f"/promotions/{promotion.pk}/"):
        assert "Intended use" in page_of(people.riley, where)
    page_of(people.dana, f"{address(version)}edit/")
    exported = client_of(people.riley).get(f"{address(version)}README.md?format=huggingface")
    assert exported.status_code == (422 if front in NOT_PLAIN else 200)


@pytest.mark.parametrize("front", NOT_PLAIN, ids=lambda front: front[:8])
def test_front_matter_that_can_not_be_shown_is_refused_by_its_key(people: Any, version: Version, front: str) -> None:
    answer = edit(people.dana, version, "save", f"---\n{front}\n---\n# Loan\n")
    assert answer.status_code == 422
    assert "front matter, x " in body(answer)
    assert version.card_revisions.count() == 1


# --- Comparing it ------------------------------------------------------------------------------------


def test_it_is_compared_with_another_revision_word_by_word(people: Any, version: Version) -> None:
    revise_card(version, text=factories.CARD.replace("one city", "two cities"), actor=people.dana)
    changed = section(page_of(people.ana, f"{address(version)}?revision=1"), "difference")
    assert "What changed since revision 1" in changed
    assert "<del>Fitted on <mark>one</mark> <mark>city</mark>.</del>" in changed
    assert "<ins>Fitted on <mark>two</mark> <mark>cities</mark>.</ins>" in changed


def test_it_is_compared_with_another_versions_card(people: Any, version: Version) -> None:
    card = factories.CARD.replace("license: mit", "license: other")
    later = factories.version_of(version.model, card=card, label="1.1.0")
    changed = section(page_of(people.ana, f"{address(later)}?against=1"), "difference")
    assert "the card of 1.0.0" in changed
    assert "license: <mark>other</mark>" in changed
    page_of(people.ana, f"{address(later)}?against=9", 404)


def test_equal_wordings_are_said_to_be_equal(people: Any, version: Version) -> None:
    later = factories.version_of(version.model)
    assert "Word for word the same" in page_of(people.ana, f"{address(later)}?against=1")


# --- Reviewing it ------------------------------------------------------------------------------------


def test_a_reviewer_stands_by_the_card_they_read(people: Any, version: Version) -> None:
    assert "I have read it" in page_of(people.riley, address(version))
    assert review(people.riley, version).headers["Location"] == address(version)
    assert card_of(version).reviewed_by == people.riley
    assert "read and accepted by <strong>Riley Chen</strong>" in page_of(people.ana, address(version))


def test_nobody_reviews_their_own_card(people: Any, version: Version) -> None:
    grant_role("reviewer", to=people.dana, actor=None)
    page = page_of(people.dana, address(version))
    assert "I have read it" not in page
    assert "Mark as read" not in page
    assert "You wrote this revision of the card. Somebody else must review it." in page
    for form in ({}, {"section": sections_of(factories.CARD)[0].digest}):
        assert review(people.dana, version, **form).status_code == 409
    assert card_of(version).reviewed_by is None
    assert not card_of(version).section_reviews.exists()


def test_who_wrote_in_a_card_is_no_reviewer_of_it_because_somebody_else_saved_it_last(
    people: Any, version: Version
) -> None:
    grant_role("reviewer", to=people.dana, actor=None)
    dave = factories.person("Dave", "contributor", "reviewer")
    revise_card(version, text=factories.CARD.replace("one city", "one  city"), actor=dave)
    page = page_of(people.dana, address(version))
    assert "I have read it" not in page
    assert "Mark as read" not in page
    assert "You wrote revision 1 of the card, and nobody reviewed the card since." in page
    assert "You wrote this section in revision 1 of the card." in page
    assert review(people.dana, version).status_code == 409
    assert section(page_of(dave, address(version)), "sections").count("Mark as read") == 5
    assert section(page_of(people.riley, address(version)), "sections").count("Mark as read") == 6


def test_a_card_that_moved_meanwhile_is_not_stood_by(people: Any, version: Version) -> None:
    seen = card_of(version).digest
    revise_card(version, text="## Intended use\nOther.\n", actor=people.dana)
    answer = client_of(people.riley).post(address(version), {"seen": seen})
    assert answer.status_code == 409
    assert "Dana Ortiz wrote revision 2 of the card meanwhile" in body(answer)
    assert not version.card_revisions.exclude(reviewed_by=None).exists()


def test_only_sections_that_changed_since_the_last_review_need_reading(people: Any, version: Version) -> None:
    review_card(card_of(version), actor=people.riley)
    text = factories.CARD.replace("one city", "two cities") + "\n## Ethics\nNone known.\n"
    revise_card(version, text=text, actor=people.dana)
    read = section(page_of(people.sam, address(version)), "sections")
    assert "2 of 7 sections still need reading" in read
    assert read.count("by Riley Chen in revision 1") == 5
    assert "Fitted on <mark>two</mark>" in read
    assert read.count("Mark as read") == 2


def test_a_section_marked_as_read_stays_read_while_its_words_stay(people: Any, version: Version) -> None:
    digest = next(each.digest for each in sections_of(factories.CARD) if each.title == "Limitations")
    answer = review(people.riley, version, section=digest)
    assert answer.headers["Location"] == f"{address(version)}#sections"
    revise_card(version, text=factories.CARD.replace("31 March", "30 June"), actor=people.dana)
    assert "by Riley Chen in revision 1" in section(page_of(people.sam, address(version)), "sections")
    revise_card(version, text=factories.CARD.replace("one city", "two cities"), actor=people.dana)
    assert "by Riley Chen" not in section(page_of(people.sam, address(version)), "sections")


# --- Writing it --------------------------------------------------------------------------------------


def test_a_contributor_writes_a_new_revision(people: Any, version: Version) -> None:
    answer = edit(people.dana, version, "save", "## Intended use\r\nMore.\r\n")
    assert answer.headers["Location"] == address(version)
    newest = version.card_revisions.get(number=2)
    assert (newest.text, newest.written_by) == ("## Intended use\nMore.\n", people.dana)


def test_saving_the_same_words_makes_no_revision(people: Any, version: Version) -> None:
    assert edit(people.dana, version, "save", factories.CARD.replace("\n", "\r\n")).status_code == 302
    assert version.card_revisions.count() == 1


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("---\na: [\n---\nHalf a thought & more.", 422, "front matter isn’t YAML|front matter isn&#x27;t YAML"),
        ("x" * (256 * 1024) + "Half a thought & more.", 413, "over 256 KiB"),
    ],
    ids=["not YAML", "too large"],
)
def test_words_that_are_refused_stay_in_the_form(
    people: Any, version: Version, text: str, status: int, told: str
) -> None:
    answer = edit(people.dana, version, "save", text)
    assert answer.status_code == status
    assert "Half a thought &amp; more.</textarea>" in body(answer)
    assert any(each in body(answer) for each in told.split("|"))
    assert version.card_revisions.count() == 1


def test_a_preview_shows_the_words_and_saves_nothing(people: Any, version: Version) -> None:
    factories.evidence_of(version)
    text = "---\nlicense: mit\n---\n## Use\n**Bold** {{ metric auc on loan-holdout@1 }}"
    page = body(edit(people.dana, version, "preview", text))
    assert "<h3>Use</h3>" in section(page, "previewed")
    assert "<strong>Bold</strong>" in section(page, "previewed")
    assert "95% interval" in section(page, "previewed")
    assert f"{text}</textarea>" in page
    assert version.card_revisions.count() == 1


def test_of_a_long_card_the_preview_is_its_beginning_until_all_is_asked_for(people: Any, version: Version) -> None:
    text = "## Long\n" + "A line of words.\n" * 6_000 + "\n## The end\n"
    shown = section(body(edit(people.dana, version, "preview", text)), "previewed")
    assert 40_000 < len(shown) < 52_000
    assert "54.0 kB more are not shown" in shown
    assert 'form="card-form" name="action" value="whole"' in shown
    whole = section(body(edit(people.dana, version, "whole", text)), "previewed")
    assert "<h3>The end</h3>" in whole
    assert "more are not shown" not in whole


def test_a_preview_says_what_would_be_refused(people: Any, version: Version) -> None:
    answer = edit(people.dana, version, "preview", "---\na: [\n---\n")
    assert answer.status_code == 200
    assert "It couldn’t be saved like this." in body(answer)


def test_two_who_revise_at_once_do_not_overwrite_each_other(people: Any, version: Version) -> None:
    seen = card_of(version).digest
    revise_card(version, text="## Intended use\nFirst.", actor=people.dana)
    late = edit(people.dana, version, "save", "## Intended use\nSecond.", seen=seen)
    assert late.status_code == 409
    assert "## Intended use\nSecond.</textarea>" in body(late)
    assert "## Intended use\nFirst.</pre>" in body(late)
    assert f'name="seen" value="{card_of(version).digest}"' in body(late)
    assert version.card_revisions.count() == 2
    assert edit(people.dana, version, "save", "## Intended use\nSecond.").status_code == 302
    assert card_of(version).text.endswith("Second.")


def test_a_first_card_written_by_two_at_once_is_a_conflict_too(people: Any) -> None:
    version = factories.version_of(factories.model_named(), card="", final=False)
    assert edit(people.dana, version, "save", "# Mine", seen="").status_code == 302
    assert edit(people.dana, version, "save", "# Too", seen="").status_code == 409


def test_a_new_card_starts_from_the_sections_asked_for(people: Any) -> None:
    version = factories.version_of(factories.model_named(), card="", final=False)
    page = page_of(people.dana, f"{address(version)}edit/")
    assert "## Limitations\n\n&lt;!-- For whom or when is it worse" in page


def test_missing_sections_are_added_to_the_typed_words(people: Any, version: Version) -> None:
    page = body(edit(people.dana, version, "sections", "## Limitations\nMany & more."))
    assert "## Limitations\nMany &amp; more.\n\n## Intended use\n\n&lt;!-- What decision" in page
    assert version.card_revisions.count() == 1


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("README.md", content)


def test_a_file_comes_into_the_form_and_what_was_there_stays_readable(people: Any, version: Version) -> None:
    file = upload(b"\xef\xbb\xbf---\r\nunknown-key: kept\r\n---\r\n# From elsewhere\r\n")
    page = body(edit(people.dana, version, "import", "Typed & kept.", file=file))
    assert "---\nunknown-key: kept\n---\n# From elsewhere\n</textarea>" in page
    assert "Typed &amp; kept.</pre>" in page
    assert version.card_revisions.count() == 1


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"x" * (256 * 1024 + 1), 413, "README.md has 262,145 bytes; a card has at most 262,144 (256 KiB)."),
        (b"\xff\xfe", 422, "README.md is not text in UTF-8."),
        (None, 422, "No file was chosen."),
    ],
    ids=["too large", "not text", "none"],
)
def test_a_file_that_can_not_be_a_card_is_refused(
    people: Any, version: Version, content: bytes | None, status: int, told: str
) -> None:
    sent = {} if content is None else {"file": upload(content)}
    answer = edit(people.dana, version, "import", "Typed & kept.", **sent)
    assert answer.status_code == status
    assert told in body(answer)
    assert "Typed &amp; kept.</textarea>" in body(answer)


# --- Taking it away ----------------------------------------------------------------------------------


def test_the_file_is_what_was_written_or_what_hugging_face_reads(people: Any, version: Version) -> None:
    factories.evidence_of(version)
    written = client_of(people.ana).get(f"{address(version)}README.md")
    assert body(written) == factories.CARD
    assert written.headers["Content-Disposition"] == 'attachment; filename="README.md"'
    assert written.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    exported = client_of(people.ana).get(f"{address(version)}README.md?format=huggingface")
    assert "model-index:\n- name: loan 1.0.0\n" in body(exported)


def test_the_number_of_queries_does_not_grow_with_revisions_sections_and_figures(people: Any, version: Version) -> None:
    client = client_of(people.riley)
    text = factories.CARD + "\n{{ metric auc on loan-holdout@1 }}\n"
    revise_card(version, text=text, actor=people.dana)
    few = queries_of(lambda: client.get(f"{address(version)}?revision=1"))
    few_to_write = queries_of(lambda: client_of(people.dana).get(f"{address(version)}edit/"))
    factories.evidence_of(version)
    for number in range(8):
        factories.version_of(version.model, final=False)
        text += f"\n## Section {number}\n{{{{ metric f1 on d{number}@1 }}}}\n"
        review(people.riley, version, section=sections_of(card_of(version).text)[-1].digest)
        revise_card(version, text=text, actor=people.dana)
    assert queries_of(lambda: client.get(f"{address(version)}?revision=1")) == few
    assert queries_of(lambda: client_of(people.dana).get(f"{address(version)}edit/")) - few_to_write <= 1
