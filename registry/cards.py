"""Model cards in Hugging Face's format: YAML front matter and Markdown, read strictly."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.reasons import Invalid, TooLarge
from registry.card_markdown import headings_of
from registry.plain_yaml import NotPlain, NotYaml, read_plain_yaml

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
#: What Hugging Face's template holds where nobody has written yet.
_UNWRITTEN = re.compile(r"\[more information needed\]", re.IGNORECASE)


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
            above = [*(upper for upper in above if upper[0] < level), (level, heading)]
            if _is_written(text):
                filled |= {name for _, name in above}
        return [section for section in wanted if as_asked(section) not in filled]

    def headings(self) -> set[str]:
        """The headings, as `as_asked` compares them."""
        return {heading for _, heading, _ in self._sections()}

    def _sections(self) -> Iterator[tuple[int, str, str]]:
        """Level, heading and the text up to the next heading."""
        found = headings_of(self.body)
        ends = [*(heading.start for heading in found), len(self.body)]
        for heading, end in zip(found, ends[1:], strict=True):
            yield heading.level, as_asked(heading.title), self.body[heading.end : end]


def as_asked(title: str) -> str:
    """A title as titles are compared: small letters, single blanks, without the hashes that may close a heading."""
    return " ".join(title.casefold().split()).strip(" #")


def _is_written(text: str) -> bool:
    """Whether there is anything besides comments and the template's placeholder."""
    before, *commented = _UNWRITTEN.sub("", text).split("<!--")
    return any(part.strip() for part in (before, *(comment.partition("-->")[2] for comment in commented)))


def with_plain_line_ends(text: str) -> str:
    """Lines ended by LF, however they came: browsers and some editors end them by CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cut_apart(text: str) -> tuple[str, str, str]:
    """The front matter with its lines of dashes, the YAML between them, and the body; lines ended by LF."""
    text = with_plain_line_ends(text)
    match = _FRONT_MATTER.match(text)
    return (match[0], match[1], text[match.end() :]) if match else ("", "", text)


def read_card(text: str) -> Card:
    """Takes a card apart. Raises Invalid when the front matter isn't a YAML mapping of plain values."""
    front, yaml, body = cut_apart(text)
    if not front:
        return Card({}, body)
    try:
        front_matter = read_plain_yaml(yaml)
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
    return Card(front_matter, body)


def accepted_card(text: str) -> str:
    """A card as it is kept, whoever sent it: its words, lines ended by LF. Raises TooLarge over the limit, Invalid for
    an empty card or one whose front matter `read_card` refuses."""
    text = with_plain_line_ends(text)
    if not text.strip() or "\0" in text:
        raise Invalid("bad_card", "The card is empty or not text.", "Send Markdown with YAML front matter.")
    if len(text.encode()) > settings.MAX_CARD_BYTES:
        raise TooLarge("card_too_large", f"The card is over {settings.MAX_CARD_BYTES // 1024} KiB.", "Shorten it.")
    read_card(text)
    return text
