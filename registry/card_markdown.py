"""The Markdown that cards are written in: one parser says what is a heading, what is code and how it is shown."""

import functools
import re
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import nh3
from markdown_it import MarkdownIt

#: Characters that turn text round or hide in it; in a card they could make words read otherwise than stored.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("em", "strong", "del", "a", "table", "thead", "tbody", "tr", "th", "td"),
}


def markdown() -> MarkdownIt:
    """A parser of the Markdown that cards are written in; raw HTML in it is text."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough")


#: How HTML is cleaned: no scripts, styles, images, ids or classes.
CLEANING: dict[str, Any] = {
    "tags": _TAGS,
    "attributes": {"a": {"href"}, "*": set()},  # else nh3 lets title and lang through
    "url_schemes": {"http", "https", "mailto"},
    "link_rel": "noopener noreferrer nofollow",
}


@functools.lru_cache(maxsize=256)
def render_markdown(body: str) -> str:
    """Markdown as HTML with no scripts, styles, images, ids or classes; unseen direction marks become visible."""
    return made_visible(nh3.clean(markdown().render(body), **CLEANING))


def made_visible(html: str) -> str:
    """Marks that turn or hide text, as their code points. Last of all: Markdown makes such marks of entities too."""
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", html)


@dataclass(frozen=True)
class Heading:
    """A heading, neither in code nor in a list or quotation, with its place in the text: `start` is where its first
    line begins, `end` where the words below it do."""

    level: int
    title: str
    start: int
    end: int


@functools.lru_cache(maxsize=64)
def headings_of(body: str) -> tuple[Heading, ...]:
    """In order; the title is as it is written, on one line. Lines must end by LF."""
    starts = starts_of_lines(body)
    return tuple(
        Heading(int(opened.tag[1]), " ".join(words.content.split()), starts[opened.map[0]], starts[opened.map[1]])
        for opened, words in pairwise(_blocks().parse(body))
        if opened.type == "heading_open" and opened.level == 0 and opened.map
    )


@functools.cache
def _blocks() -> MarkdownIt:
    """Tells blocks from each other, and leaves the words in them alone: that is the costlier part."""
    return markdown().disable("inline")


def starts_of_lines(text: str) -> list[int]:
    """Where each line begins, and the end of the text."""
    lines = text.split("\n")
    return [0, *accumulate(len(line) + 1 for line in lines[:-1]), len(text)]
