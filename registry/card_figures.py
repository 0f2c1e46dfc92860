"""Figures in a card that nobody types: `{{ metric auc on loans@1 }}` stands for what was measured there.

A card's raw text keeps the placeholder; who shows or exports the card puts the stored figure in its place. To a reader
of plain Markdown it is a few words in braces, harmless everywhere.
"""

import functools
import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from registry.cards import CLEANING, made_visible, markdown

# Every repetition is bounded, so that no row of blanks or braces takes for ever.
_GAP, _BLANKS = r"[ \t\n]{1,4}", r"[ \t\n]{0,4}"
_PLACEHOLDER = re.compile(
    rf"\{{\{{{_BLANKS}metric{_GAP}(?P<metric>[a-z0-9_]{{1,32}}){_GAP}on{_GAP}"
    rf"(?P<dataset>[A-Za-z0-9][A-Za-z0-9._-]{{0,127}}@[0-9]{{1,9}})"
    rf"(?:{_GAP}for{_GAP}(?P<column>[^={{}}\n]{{1,128}}?){_BLANKS}={_BLANKS}(?P<segment>[^{{}}\n]{{1,128}}?))?"
    rf"{_BLANKS}\}}\}}"
)
#: Code is shown as it is written, so that a card can tell about placeholders.
_CODE = re.compile(r"^(```|~~~).*?^\1|(?<!`)(`+)(?!`)[^`\n]+\2", re.MULTILINE | re.DOTALL)
#: Cards can't write this tag themselves: raw HTML in them is text.
_SLOT = re.compile(r'<data value="([0-9]+)"></data>')


@dataclass(frozen=True)
class FigureAsked:
    """A figure that a card asks for: of all rows, or of those whose segment `column` says `segment`."""

    metric: str
    dataset: str
    column: str = ""
    segment: str = ""

    @classmethod
    def of(cls, match: re.Match[str]) -> "FigureAsked":
        return cls(match["metric"], match["dataset"], match["column"] or "", match["segment"] or "")


@dataclass(frozen=True)
class Slotted:
    """A card's Markdown as harmless HTML, cut where figures belong: `pieces` has one more than `asked`."""

    pieces: tuple[str, ...]
    asked: tuple[FigureAsked, ...]

    def filled(self, figures: Mapping[FigureAsked, str]) -> str:
        """The HTML whole; `figures` are HTML that is safe to show, one for each figure asked for."""
        words = [figures[asked] for asked in self.asked]
        return self.pieces[0] + "".join(word + piece for word, piece in zip(words, self.pieces[1:], strict=True))


@functools.lru_cache(maxsize=256)
def slotted(body: str) -> Slotted:
    """Renders as `registry.cards.render_markdown` does, with room for the figures."""
    found: dict[str, Any] = {}
    html = _renderer().render(body, found)
    clean = nh3.clean(html, **{**CLEANING, "tags": CLEANING["tags"] | {"data"}, "attributes": _WITH_SLOTS})
    pieces = _SLOT.split(made_visible(clean))
    asked = tuple(found["figures"][int(number)] for number in pieces[1::2])
    return Slotted(tuple(pieces[::2]), asked)


_WITH_SLOTS = {**CLEANING["attributes"], "data": {"value"}}


@functools.cache
def _renderer() -> MarkdownIt:
    parser = markdown()
    parser.inline.ruler.before("emphasis", "figure", _take_placeholder)
    parser.add_render_rule("figure", _leave_slot)
    return parser


def _take_placeholder(state: StateInline, silent: bool) -> bool:
    # Inside a link the figure's own link would be nested, which HTML doesn't know.
    match = None if state.linkLevel else _PLACEHOLDER.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("figure", "", 0).meta = {"asked": FigureAsked.of(match)}
    state.pos = match.end()
    return True


def _leave_slot(
    renderer: RendererProtocol, tokens: Sequence[Token], place: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    asked: list[FigureAsked] = env.setdefault("figures", [])
    asked.append(tokens[place].meta["asked"])
    return f'<data value="{len(asked) - 1}"></data>'


def figures_in(text: str) -> list[FigureAsked]:
    """The figures that a text asks for outside of code, each once, in order."""
    return list(dict.fromkeys(FigureAsked.of(match) for match in _PLACEHOLDER.finditer(_without_code(text))))


def with_figures(text: str, figures: Mapping[FigureAsked, str]) -> str:
    """The Markdown with each figure's words in the place of its placeholder; code stays as it is."""
    pieces, end = [], 0
    for match in _PLACEHOLDER.finditer(_without_code(text)):
        pieces += [text[end : match.start()], figures[FigureAsked.of(match)]]
        end = match.end()
    return "".join([*pieces, text[end:]])


def _without_code(text: str) -> str:
    """The text with code blotted out, every other character at its place."""
    return _CODE.sub(lambda code: "." * len(code[0]), text)
