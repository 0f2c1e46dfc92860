"""Placeholders in cards: where they stand for a figure, where they are words, and that they bring nothing along."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.card_figures import FigureAsked, figures_in, slotted, with_figures
from registry.card_markdown import render_markdown
from tests.registry.test_cards import ATTACKS, inspect

AUC = FigureAsked("auc", "loans@1")
NORTH = FigureAsked("recall", "loan-holdout@12", "home region", "north & far")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("{{ metric auc on loans@1 }}", AUC),
        ("{{metric auc on loans@1}}", AUC),
        ("{{ metric\nauc on\nloans@1 }}", AUC),
        ("{{ metric recall on loan-holdout@12 for home region=north & far }}", NORTH),
        ("{{ metric recall on loan-holdout@12 for home region = north & far }}", NORTH),
        ("{{ metric average_precision on a.b_c@3 }}", FigureAsked("average_precision", "a.b_c@3")),
    ],
)
def test_a_placeholder_says_which_figure(written, asked):
    assert figures_in(f"It reaches {written}.") == [asked]
    card = slotted(f"It reaches **{written}** here.")
    assert card.asked == (asked,)
    assert card.filled({asked: "<i>0.9</i>"}) == "<p>It reaches <strong><i>0.9</i></strong> here.</p>\n"


@pytest.mark.parametrize(
    "words",
    [
        "{ metric auc on loans@1 }",
        "{{ metric auc on loans }}",
        "{{ auc on loans@1 }}",
        "{{ metric AUC on loans@1 }}",
        "{{ metric auc on loans@1 for region }}",
        "{{ metric auc on ../x@1 }}",
        "\\{{ metric auc on loans@1 }}",
        "`{{ metric auc on loans@1 }}`",
        "```\n{{ metric auc on loans@1 }}\n```",
        "    {{ metric auc on loans@1 }}",
        "[{{ metric auc on loans@1 }}](https://example.org)",
    ],
    ids=ascii,
)
def test_what_is_no_placeholder_stays_as_it_is(words):
    assert slotted(words).asked == ()
    assert slotted(words).pieces == (render_markdown(words),)


def test_each_place_gets_its_own_figure():
    text = "{{ metric auc on a@1 }}, {{ metric f1 on a@1 }} and {{ metric auc on a@1 }} again"
    figures = {FigureAsked("auc", "a@1"): "A", FigureAsked("f1", "a@1"): "F"}
    assert slotted(text).filled(figures) == "<p>A, F and A again</p>\n"
    assert with_figures(text, figures) == "A, F and A again"


def test_code_is_left_alone_in_the_markdown_too():
    text = "{{ metric auc on a@1 }} `{{ metric auc on a@1 }}`\n```\n{{ metric auc on a@1 }}\n```\n"
    assert with_figures(text, {FigureAsked("auc", "a@1"): "0.9"}) == text.replace("{{ metric auc on a@1 }}", "0.9", 1)


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("````\n```\n{{ metric auc on a@1 }}\n```\n````\n{{ metric auc on a@1 }}", 1),
        ("> ```\n> {{ metric auc on a@1 }}\n> ```\n> {{ metric auc\n> on a@1 }} {{ metric auc on a@1 }}", 2),
        ("- ~~~\n  {{ metric auc on a@1 }}\n- {{ metric auc on a@1 }}\n\n      {{ metric auc on a@1 }}", 1),
        ("words `{{ metric auc on a@1 }}` {{ metric auc on a@1 }} \\{{ metric auc on a@1 }}", 1),
        ("[{{ metric auc on a@1 }}](x) ![{{ metric auc on a@1 }}](x) **{{ metric auc on a@1 }}**", 1),
        ("|a|b|\n|-|-|\n|`{{ metric auc on a@1 }}`|{{ metric auc on a@1 }}|\n| \\| {{ metric auc on a@1 }}|x|y|", 2),
        ("|a|\n|-|\n|`\\|` {{ metric auc on a@1 for x=b\\|c }} {{ metric auc on a@1 }}|", 2),
        ("# {{ metric auc on a@1 }} #\n\n{{ metric auc on a@1 }}\n---\n", 2),
    ],
)
def test_export_and_page_put_figures_in_the_same_places(text, figures):
    card = slotted(text)
    assert len(card.asked) == figures
    assert figures_in(text) == list(dict.fromkeys(card.asked))
    exported = with_figures(text, dict.fromkeys(card.asked, "{{0.9}}"))
    assert exported.count("{{0.9}}") == figures
    assert render_markdown(exported) == card.filled(dict.fromkeys(card.asked, "{{0.9}}"))


ASKED = "{{ metric auc on a@1 }}"
#: No placeholder here holds a bar or the end of a line: a figure in its place holds none, and may make another table.
MARKS = [
    *(ASKED, ASKED, "{{ metric f1 on a@1 for x=b c }}", "`", "```\n", "````\n", "~~~\n"),
    *(
        "\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "    ",
        "\t",
        "|",
        "|a|b|\n|-|-|\n|",
        "# ",
        "\n---\n",
        "[",
        "](x)",
        "![",
        "*",
        "\\",
    ),
    *("word", " ", "[a]: x\n", "\u00a0", "{", "}"),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(MARKS), max_size=24))
def test_an_export_reads_as_the_page_does(pieces):
    text = "".join(pieces)
    card = slotted(text)
    assert figures_in(text) == list(dict.fromkeys(card.asked))
    exported = with_figures(text, dict.fromkeys(card.asked, "{{0.9}}"))
    assert render_markdown(exported) == card.filled(dict.fromkeys(card.asked, "{{0.9}}"))


@pytest.mark.parametrize("forged", ['<data value="0"></data>', '&lt;data value="0">', '`<data value="0"></data>`'])
def test_a_card_can_not_make_a_slot_by_itself(forged):
    card = slotted(f"{forged} {{{{ metric auc on loans@1 }}}}")
    assert len(card.asked) == 1
    assert "<data" not in "".join(card.pieces)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from([*ATTACKS, "{{ metric auc on loans@1 }}"]), st.text("{}<>&`*[]( \n|=")), max_size=6
    )
)
def test_attacks_around_placeholders_stay_harmless(pieces):
    card = slotted("".join(pieces))
    inspect(card.filled(dict.fromkeys(card.asked, "figure")))


def test_without_placeholders_the_card_reads_as_it_always_did():
    for text in (*ATTACKS, "# T\n\n*a* **b**\n\n|x|\n|-|\n|1|\n"):
        assert slotted(text).pieces == (render_markdown(text),)


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 30_000,
        "{{ metric " * 10_000,
        "{{ metric auc on loans@1 for " + "a " * 30_000,
        "{{ metric auc on a@1 for a=" * 8_000,
        "{{" + " " * 60_000 + "}}",
        "`" * 30_000 + "{{ metric auc on a@1 }}",
    ],
    ids=lambda text: re.sub(r"\s+", " ", text[:24]),
)
def test_no_placeholder_keeps_a_reader_waiting(text):
    began = time.process_time()
    slotted(text)
    figures_in(text)
    assert time.process_time() - began < 5
