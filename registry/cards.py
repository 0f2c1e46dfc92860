"""Model cards in Hugging Face's format: YAML front matter and Markdown, read strictly and shown harmlessly."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nh3
from django.conf import settings
from markdown_it import MarkdownIt

from accounts.reasons import Invalid, TooLarge
from registry.plain_yaml import NotPlain, NotYaml, read_plain_yaml

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
# One way to match a line, so that no line of blanks takes for ever.
_HEADING = re.compile(r"^(#{1,4})[ \t]+(.+)$", re.MULTILINE)
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
#: Characters that turn text round or hide in it; in a card they could make words read otherwise than stored.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: What Hugging Face's template holds where nobody has written yet.
_UNWRITTEN = re.compile(r"\[more information needed\]", re.IGNORECASE)

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("em", "strong", "del", "a", "table", "thead", "tbody", "tr", "th", "td"),
}


@dataclass(frozen=True)
class Card:
    """A card taken apart: the front matter as a mapping, the Markdown below it."""

    front_matter: dict[str, Any]
    body: str

    def missing_sections(self, wanted: list[str]) -> list[str]:
        """Those of the wanted sections that have no heading, or nothing written under it or its subheadings."""
        filled: set[str] = set()
        above: list[tuple[int, str]] = []
        for level, heading, text in self._sections():
            above = [*(upper for upper in above if upper[0] < level), (level, heading.casefold())]
            if _is_written(text):
                filled |= {name for _, name in above}
        return [section for section in wanted if section.casefold() not in filled]

    def headings(self) -> set[str]:
        """The headings, in small letters."""
        return {heading.casefold() for _, heading, _ in self._sections()}

    def _sections(self) -> Iterator[tuple[int, str, str]]:
        """Level, heading and the text up to the next heading."""
        # split gives: text before, hashes, heading, text, hashes, heading, text …
        parts = _HEADING.split(_FENCED.sub("…", self.body))
        for hashes, heading, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            yield len(hashes), heading.strip(" \t#"), text


def _is_written(text: str) -> bool:
    """Whether there is anything besides comments and the template's placeholder."""
    before, *commented = _UNWRITTEN.sub("", text).split("<!--")
    return any(part.strip() for part in (before, *(comment.partition("-->")[2] for comment in commented)))


def read_card(text: str) -> Card:
    """Takes a card apart. Raises Invalid when the front matter isn't a YAML mapping of plain values."""
    match = _FRONT_MATTER.match(text.replace("\r\n", "\n"))
    if match is None:
        return Card({}, text)
    try:
        front_matter = read_plain_yaml(match[1])
    except NotPlain as error:
        raise Invalid("bad_front_matter", f"In the card's front matter, {error}.", error.remedy) from error
    except NotYaml as error:
        where = f" in line {error.line + 1}" if error.line else ""  # the line of dashes comes first
        raise Invalid(
            "bad_front_matter", f"The card's front matter isn't YAML{where}.", "Mend it and send it again."
        ) from error
    if front_matter is None:
        front_matter = {}
    if not isinstance(front_matter, dict):
        raise Invalid("bad_front_matter", "The card's front matter must be a mapping (key: value).")
    return Card(front_matter, text.replace("\r\n", "\n")[match.end() :])


def check_card(text: str) -> None:
    """Raises TooLarge over the limit, Invalid for an empty card or front matter that isn't YAML."""
    if len(text.encode()) > settings.MAX_CARD_BYTES:
        raise TooLarge("card_too_large", f"The card is over {settings.MAX_CARD_BYTES // 1024} KiB.", "Shorten it.")
    if not text.strip() or "\0" in text:
        raise Invalid("bad_card", "The card is empty or not text.", "Send Markdown with YAML front matter.")
    read_card(text)


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
