"""Model cards in Hugging Face's format: YAML front matter and Markdown, read strictly and shown harmlessly."""

import functools
import re
from dataclasses import dataclass
from typing import Any

import nh3
import yaml
from markdown_it import MarkdownIt

from accounts.reasons import Invalid

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#{1,4}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
#: Characters that turn text round or hide in it; in a card they could make words read otherwise than stored.
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("em", "strong", "del", "a", "table", "thead", "tbody", "tr", "th", "td"),
}


@dataclass(frozen=True)
class Card:
    """A card taken apart: the front matter as a mapping, the Markdown below it."""

    front_matter: dict[str, Any]
    body: str

    @property
    def headings(self) -> list[str]:
        return _HEADING.findall(_FENCED.sub("", self.body))

    def missing_sections(self, wanted: list[str]) -> list[str]:
        """Those of the wanted sections that have no heading, or no text under it."""
        filled = {heading.casefold() for heading, text in self._sections() if text}
        return [section for section in wanted if section.casefold() not in filled]

    def _sections(self) -> list[tuple[str, str]]:
        # split gives: text before, heading, text, heading, text …
        parts = _HEADING.split(_FENCED.sub("…", self.body))
        return [(heading, text.strip()) for heading, text in zip(parts[1::2], parts[2::2], strict=True)]


def read_card(text: str) -> Card:
    """Takes a card apart. Raises Invalid when the front matter isn't a YAML mapping."""
    match = _FRONT_MATTER.match(text.replace("\r\n", "\n"))
    if match is None:
        return Card({}, text)
    try:
        front_matter = yaml.safe_load(match[1]) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        raise Invalid(
            "bad_front_matter", f"The card's front matter isn't YAML{where}.", "Mend it and send it again."
        ) from error
    if not isinstance(front_matter, dict):
        raise Invalid("bad_front_matter", "The card's front matter must be a mapping (key: value).")
    return Card(front_matter, text.replace("\r\n", "\n")[match.end() :])


@functools.lru_cache(maxsize=256)
def render_markdown(body: str) -> str:
    """Markdown as HTML with no scripts, styles, images, ids or classes; unseen direction marks become visible."""
    shown = _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", body)
    html = MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough").render(shown)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
