"""Figures in a card that nobody types: `{{ metric auc on loans@1 }}` stands for what was measured there.

A card's raw text keeps the placeholder; who shows or exports the card puts the stored figure in its place. To a reader
of plain Markdown it is a few words in braces, harmless everywhere.
"""

import functools
import re
from bisect import bisect_right
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from registry.card_markdown import CLEANING, made_visible, markdown, starts_of_lines

# Every repetition is bounded, so that no row of blanks or braces takes for ever.
_GAP, _BLANKS = r"[ \t\n]{1,4}", r"[ \t\n]{0,4}"
_PLACEHOLDER = re.compile(
    rf"\{{\{{{_BLANKS}metric{_GAP}(?P<metric>[a-z0-9_]{{1,32}}){_GAP}on{_GAP}"
    rf"(?P<dataset>[A-Za-z0-9][A-Za-z0-9._-]{{0,127}}@[0-9]{{1,9}})"
    rf"(?:{_GAP}for{_GAP}(?P<column>[^={{}}\n]{{1,128}}?){_BLANKS}={_BLANKS}(?P<segment>[^{{}}\n]{{1,128}}?))?"
    rf"{_BLANKS}\}}\}}"
)
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
    """Renders as `registry.card_markdown.render_markdown` does, with room for the figures."""
    found: dict[str, Any] = {}
    html = _renderer().render(body, found)
    clean = nh3.clean(html, **{**CLEANING, "tags": CLEANING["tags"] | {"data"}, "attributes": _WITH_SLOTS})
    pieces = _SLOT.split(made_visible(clean))
    asked = tuple(found["figures"][int(number)] for number in pieces[1::2])
    return Slotted(tuple(pieces[::2]), asked)


_WITH_SLOTS = {**CLEANING["attributes"], "data": {"value"}}


@functools.cache
def _renderer() -> MarkdownIt:
    parser = _parser()
    parser.add_render_rule("figure", _leave_slot)
    return parser


def _parser() -> MarkdownIt:
    parser = markdown()
    parser.inline.ruler.before("emphasis", "figure", _take_placeholder)
    return parser


def _take_placeholder(state: StateInline, silent: bool) -> bool:
    # Code never comes here, so that a card can tell about placeholders. Inside a link the figure's own link would be
    # nested, which HTML doesn't know.
    match = None if state.linkLevel else _PLACEHOLDER.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("figure", "", 0).meta = {"asked": FigureAsked.of(match), "place": match.span()}
    state.pos = match.end()
    return True


def _leave_slot(
    renderer: RendererProtocol, tokens: Sequence[Token], place: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    asked: list[FigureAsked] = env.setdefault("figures", [])
    asked.append(tokens[place].meta["asked"])
    return f'<data value="{len(asked) - 1}"></data>'


@dataclass(frozen=True)
class _Place:
    """Where in a text a placeholder stands that becomes a figure where the text is rendered."""

    start: int
    end: int
    asked: FigureAsked


def figures_in(text: str) -> list[FigureAsked]:
    """The figures that a text, its lines ended by LF, asks for: those that `slotted` has room for, each once."""
    return list(dict.fromkeys(place.asked for place in _places(text)))


def with_figures(text: str, figures: Mapping[FigureAsked, str]) -> str:
    """The Markdown with each figure's words in the place of its placeholder; code and links stay as they are."""
    pieces, end = [], 0
    for place in _places(text):
        pieces += [text[end : place.start], figures[place.asked]]
        end = place.end
    return "".join([*pieces, text[end:]])


@functools.lru_cache(maxsize=64)
def _places(text: str) -> tuple[_Place, ...]:
    if "{{" not in text:
        return ()
    starts, places, at, before = starts_of_lines(text), [], 0, ""
    for token in _finder().parse(text):
        if token.map:
            at = max(at, starts[token.map[0]])
        in_table = before in {"td_open", "th_open"}
        if token.type == "inline" and (in_table or "{{" in token.content):
            source = _Source(token.content, text, at, in_table=in_table)
            figures = [each.meta for each in token.children or () if each.type == "figure"]
            places += [_Place(*source.span(*each["place"]), each["asked"]) for each in figures]
            at = source.end
        before = token.type
    return tuple(places)


class _Source:
    """Where the words of a block stand in the text that it was read from.

    The parser takes marks of lists and quotations and blanks from both ends of each line, and the backslash from a bar
    in a table; it says in which line a block begins. No such mark holds a brace, so a line with a placeholder is found
    where it stands and nowhere before.
    """

    def __init__(self, content: str, text: str, at: int, *, in_table: bool) -> None:
        self._content, self._in_table = content, in_table
        self._lines: list[tuple[int, int]] = []  # where a line begins in the content, where it does in the text
        self.end, begins = at, 0
        for line in content.split("\n"):
            words = line.strip()
            found = text.find(self._written(words), self.end)
            if found >= 0:
                self._lines.append((begins + line.find(words), found))
                self.end = found + len(self._written(words))
            begins += len(line) + 1

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Start and end in the text of what stands from `start` to before `end` in the content."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, position: int) -> int:
        begins, found = self._lines[bisect_right(self._lines, position, key=itemgetter(0)) - 1]
        return found + len(self._written(self._content[begins:position]))

    def _written(self, words: str) -> str:
        return words.replace("|", r"\|") if self._in_table else words


@functools.cache
def _finder() -> MarkdownIt:
    """Reads as the renderer does, and looks only into blocks that may hold a placeholder: it is the costlier part."""
    parser = _parser()
    parser.core.ruler.at("inline", _read_where_braces_are)
    return parser


def _read_where_braces_are(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and "{{" in token.content:
            token.children = []
            state.md.inline.parse(token.content, state.md, state.env, token.children)
