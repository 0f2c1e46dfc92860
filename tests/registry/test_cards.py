"""Cards: shown without harm whatever they hold, read strictly, revised and reviewed by different people."""

import hashlib
import html.parser
import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.actions import create_person, grant_role
from accounts.reasons import Conflict, Invalid, TooLarge
from accounts.roles import Role
from approvals.intake import revise_card
from audit.models import AuditEvent
from registry.actions import NewVersion, mark_card_reviewed, register_version
from registry.card_markdown import render_markdown
from registry.cards import read_card
from registry.models import CardRevision
from tests.factories import person, persona

CARD = "---\nlicense: mit\n---\n# Loan\n\n## Intended use\nLoans.\n"

# --- Shown without harm -------------------------------------------------------------------------------

HARMLESS_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("em", "strong", "del", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/beacon.png)",
    '![x](x "onerror=alert(1)")',
    "<svg onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img src=x onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    '[x](https://ok.example "onmouseover=alert(1)")',
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    '<div id="approve" class="badge" style="position:fixed">Approved</div>',
    '<form action="/sign-out/" method="post"><button>Approve</button></form>',
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "`<img src=x onerror=alert(1)>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"onload=alert(1)\nx\n```',
    "# <script>alert(1)</script>",
    "|a|\n|-|\n|<img src=x onerror=alert(1)>|",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<details open ontoggle=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


class Inspector(html.parser.HTMLParser):
    """What a browser would make elements of; raises on anything that isn't plainly harmless."""

    def handle_starttag(self, tag, attributes):
        assert tag in HARMLESS_TAGS, tag
        for name, value in attributes:
            assert tag == "a", (tag, name)
            assert name in {"href", "rel"}, name
            if name == "href":
                assert urlsplit(value.strip()).scheme in {"", "http", "https", "mailto"}, value

    def handle_comment(self, comment):
        raise AssertionError(comment)

    handle_decl = unknown_decl = handle_pi = handle_comment


def inspect(markup: str) -> None:
    inspector = Inspector(convert_charrefs=True)
    inspector.feed(markup)
    inspector.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
def test_no_attack_survives_rendering(attack):
    for around in ("{}", "> {}", "- {}", "**{}**", "text {} text", "{0}{0}"):
        inspect(render_markdown(around.format(attack)))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(ATTACKS), st.text(alphabet="<>\"'`[]()!&#;:/\\* \n|a-=", max_size=8)), max_size=6
    )
)
def test_no_mixture_of_attacks_survives_rendering(pieces):
    inspect(render_markdown("".join(pieces)))


def test_the_inspector_would_see_an_attack():
    for attack in ("<script>", "<img src=x>", "<p onclick=x>", '<a href="javascript:x">', "<!-- x -->"):
        with pytest.raises(AssertionError):
            inspect(attack)


def test_ordinary_markdown_is_shown():
    shown = render_markdown("# T\n\n*a* **b** ~~c~~ `d` [e](https://example.org)\n\n|x|\n|-|\n|1|\n\n- f\n")
    for piece in ("<h1>T</h1>", "<em>a</em>", "<strong>b</strong>", "<code>d</code>", "<td>1</td>", "<li>f</li>"):
        assert piece in shown
    assert '<a href="https://example.org" rel="noopener noreferrer nofollow">e</a>' in shown


UNSEEN = ["\u202e", "\u202d", "\u2066", "\u2069", "\u200b", "\u200f", "\u061c", "\u00ad", "\ufeff", "\U000e0041"]


@pytest.mark.parametrize("mark", UNSEEN, ids=ascii)
@pytest.mark.parametrize("form", ["as it is", "as an entity"])
def test_marks_that_turn_or_hide_text_become_visible(mark, form):
    written = mark if form == "as it is" else f"&#x{ord(mark):x};"
    shown = render_markdown(f"not{written} safe")
    assert mark not in shown
    assert f"⟨U+{ord(mark):04X}⟩" in shown


@pytest.mark.parametrize("text", ["עברית", "العربية", "naïve café", "日本語", "🙂"])
def test_words_of_other_scripts_stay_as_they_are(text):
    assert text in render_markdown(text)


# --- Read strictly ------------------------------------------------------------------------------------

BAD_YAML = [
    "a: [1",
    "a: b: c",
    "\t- x",
    "!!python/object/apply:os.system ['true']",
    "!!python/name:os.system",
    "a: !unknown x",
    "a: 2026-02-30",
    "a: !!bool maybe",
    "a: !!timestamp x",
    "a: !!float ''",
    "a: !!int x",
    "? [a]\n: b",
    "a: " + "1" * 5000,
    "a: " + "[" * 5000,
    "a: &x [1]\nb: *x",
    "a: &x [*x]",
    "a: 1\n...\nb: 2",
    "a: \x07",
]


@pytest.mark.parametrize("front", BAD_YAML, ids=lambda text: ascii(text[:20]))
def test_front_matter_that_is_no_plain_yaml_is_refused_in_words(front):
    with pytest.raises(Invalid) as refused:
        read_card(f"---\n{front}\n---\nbody")
    assert refused.value.reason.code == "bad_front_matter"
    assert "Traceback" not in refused.value.reason.text


@pytest.mark.parametrize("front", ["just words", "- a\n- list", "42", "[]", "false"])
def test_front_matter_that_is_no_mapping_is_refused(front):
    with pytest.raises(Invalid, match="must be a mapping"):
        read_card(f"---\n{front}\n---\nbody")


def test_an_error_in_the_front_matter_is_placed_in_the_card():
    with pytest.raises(Invalid, match="in line 3"):
        read_card("---\nlicense: mit\na: b: c\n---\n")


def bombs():
    merged = ["a0: &a0 {x: 1}"]
    merged += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    laughs = ["a0: &a0 [x, x]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return {"merged": "\n".join(merged), "laughs": "\n".join(laughs)}


@pytest.mark.parametrize("front", bombs().values(), ids=bombs())
def test_a_yaml_bomb_is_refused_and_not_unfolded(front):
    with pytest.raises(Invalid, match="isn't YAML"):
        read_card(f"---\n{front}\n---\n")


SLOW = {
    "blanks in a heading": "# a" + " " * 60_000 + "b",
    "hashes in a heading": "# a" + " #" * 30_000 + "b",
    "open comments": "# a\n" + "<!--" * 15_000,
    "open fences": "```\n~~~\n" * 8_000,
    "many headings": "# a\n## b\n" * 7_000,
    "brackets": "[" * 20_000,
    "stars": "*a " * 20_000,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_no_card_keeps_a_reader_waiting(text):
    began = time.process_time()
    read_card(text).missing_sections(["b"])
    render_markdown(text)
    assert time.process_time() - began < 5


def test_front_matter_and_body_are_taken_apart():
    card = read_card("---\r\nlicense: mit\r\ntags: [a, b]\r\n---\r\n# Loan\r\n")
    assert card.front_matter == {"license": "mit", "tags": ["a", "b"]}
    assert card.body == "# Loan\n"


@pytest.mark.parametrize("text", ["# Loan", "", "text\n---\na: 1\n---\n", "--- x\n"])
def test_a_card_without_front_matter_is_all_body(text):
    assert read_card(text).front_matter == {}
    assert read_card(text).body == text


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("## Intended use\nLoans.\n", []),
        ("# INTENDED USE #\nLoans.\n", []),
        ("## Intended use\n\n", ["Intended use"]),
        ("## Intended use", ["Intended use"]),
        ("", ["Intended use"]),
        ("Intended use\nLoans.\n", ["Intended use"]),
        ("## Intended use\n## Limits\nSome.\n", ["Intended use"]),
        ("## Intended use\n### Direct use\nLoans.\n", []),
        ("## Intended use\n### Direct use\n## Limits\nSome.\n", ["Intended use"]),
        ("```\n## Intended use\nLoans.\n```\n", ["Intended use"]),
        ("## Intended use\n```\ncode\n```\n", []),
        ("##Intended use\nLoans.\n", ["Intended use"]),
        ("## Intended use\n[More Information Needed]\n", ["Intended use"]),
        ("## Intended use\n<!-- who is it for? -->\n[more information needed]\n", ["Intended use"]),
        ("## Intended use\n<!-- who is it for? -->\nLoans.\n", []),
        ("## Intended use\n<!-- never closed\n", ["Intended use"]),
        ("## Intended users\nLoans.\n", ["Intended use"]),
        ("## Intended use\r\nLoans.\r\n", []),
        ("Intended use\n-----\nLoans.\n", []),
        ("Intended\nuse\n===\nLoans.\n", []),
        ("  ## Intended use\nLoans.\n", []),
        ("    ## Intended use\nLoans.\n", ["Intended use"]),
        ("````\n```\n## Intended use\nLoans.\n```\n````\n", ["Intended use"]),
        ("- ```\n  ## Intended use\n  ```\n", ["Intended use"]),
        ("> ## Intended use\n> Loans.\n", ["Intended use"]),
        ("## Intended use\n````\n```\n````\n## Limits\n", []),
        ("## Intended use\n##### Nobody wrote below this\n", ["Intended use"]),
    ],
)
def test_a_section_counts_when_something_is_written_in_it(body, missing):
    assert read_card(body).missing_sections(["Intended use"]) == missing


def test_missing_sections_are_named_in_the_order_they_are_wanted():
    assert read_card("## B\nx\n").missing_sections(["C", "B", "A"]) == ["C", "A"]


# --- Revised and reviewed -----------------------------------------------------------------------------


def revised(version, dana, text=CARD):
    return revise_card(version, text=text, actor=dana)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
def test_a_revision_keeps_the_text_as_handed_in_but_for_its_line_ends(version, dana, end):
    text = "---\nlicense: mit\n---\n# Löan \u202e\n\n  as it is\t \n"
    revision = revised(version, dana, text.replace("\n", end))
    revision.refresh_from_db()
    assert revision.text == text
    assert revision.digest == hashlib.sha256(text.encode()).hexdigest()
    assert revised(version, dana, text) == revision


def test_the_same_text_twice_is_one_revision(version, dana):
    assert revised(version, dana) == revised(version, dana)
    assert CardRevision.objects.count() == AuditEvent.objects.filter(verb="card.revised").count() == 1


def test_an_earlier_text_again_is_a_new_revision(version, dana):
    numbers = [revised(version, dana, text).number for text in (CARD, f"{CARD}more\n", CARD)]
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize("text", ["", "  \n", "a\0b"])
def test_an_empty_card_is_refused(version, dana, text):
    with pytest.raises(Invalid):
        revised(version, dana, text)
    assert not CardRevision.objects.exists()


def test_a_card_over_the_limit_is_refused_by_its_bytes(version, dana, settings):
    settings.MAX_CARD_BYTES = 1024
    assert revised(version, dana, "é" * 512)
    with pytest.raises(TooLarge) as refused:
        revised(version, dana, "é" * 512 + "x")
    assert refused.value.status == 413
    assert CardRevision.objects.count() == 1


def test_a_card_that_can_not_be_read_is_not_kept(version, dana):
    with pytest.raises(Invalid):
        revised(version, dana, "---\na: b: c\n---\n")
    assert not CardRevision.objects.exists()


def test_nobody_reviews_what_a_program_wrote_for_their_version(loan, dana):
    program = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=program, actor=None)
    new = NewVersion(format="onnx", features=["amount"])
    version = register_version(loan, new, actor=program, on_behalf_of=dana)
    card = revise_card(version, text=CARD, actor=program)
    with pytest.raises(Conflict, match="pipeline wrote this revision of the card for your version") as refused:
        mark_card_reviewed(card, actor=dana)
    assert refused.value.reason.code == "own_card"
    assert mark_card_reviewed(card, actor=persona("riley")).reviewed_by == persona("riley")


def test_nobody_reviews_their_own_card(version, dana):
    revision = revised(version, dana)
    with pytest.raises(Conflict, match="Somebody else must review it"):
        mark_card_reviewed(revision, actor=dana)
    revision.refresh_from_db()
    assert revision.reviewed_by is None
    assert not AuditEvent.objects.filter(verb="card.reviewed").exists()


def test_another_person_reviews_a_card_once(version, dana):
    revision, riley = revised(version, dana), persona("riley")
    marked = mark_card_reviewed(revision, actor=riley)
    assert (marked.reviewed_by, marked.reviewed_at is not None) == (riley, True)
    with pytest.raises(Conflict, match="reviewed already"):
        mark_card_reviewed(revision, actor=person("Rita"))
    assert AuditEvent.objects.filter(verb="card.reviewed").count() == 1


def test_a_review_is_of_one_revision_only(version, dana):
    mark_card_reviewed(revised(version, dana), actor=persona("riley"))
    assert revised(version, dana, f"{CARD}more\n").reviewed_by is None


def test_parallel_revisions_are_numbered_without_gap_or_double(own_database):
    from registry.models import Version
    from tests.factories import model_named, version_of

    pk = own_database.do(lambda: version_of(model_named(), card="", final=False).pk)

    def reviser(number):
        def revise():
            version = Version.objects.select_related("registered_by").get(pk=pk)
            return revise_card(version, text=f"card {number}", actor=version.registered_by).number

        return revise

    assert sorted(own_database.together([reviser(number) for number in range(6)])) == [1, 2, 3, 4, 5, 6]
