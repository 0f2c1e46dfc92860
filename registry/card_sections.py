"""A card section by section: what its template asks for, and which parts of it changed from one wording to the next."""

import functools
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from registry.card_markdown import headings_of
from registry.cards import as_asked, cut_apart, read_card

#: Headings down to this level begin a section.
_LEVELS = 2
FRONT_MATTER, OPENING = "Front matter", "Opening"
NEW_CARD = "---\nlicense: other\n---\n"


@dataclass(frozen=True)
class WantedSection:
    """A section that a policy wants to read, and what a writer should say in it."""

    title: str
    hint: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a card as it is written, heading and all. Equal words have an equal digest."""

    title: str
    text: str

    @functools.cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.text.rstrip().encode()).hexdigest()


@functools.lru_cache(maxsize=64)
def sections_of(text: str) -> tuple[Section, ...]:
    """The card cut at its headings of the first two levels, outside of code; front matter and what comes before the
    first heading are sections of their own. Nothing is left out; a title used again is numbered."""
    front, _, body = cut_apart(text)
    headings = [heading for heading in headings_of(body) if heading.level <= _LEVELS]
    ends = [*(heading.start for heading in headings), len(body)]
    parts = [(FRONT_MATTER, front), (OPENING, body[: ends[0]])]
    parts += [(found.title, body[found.start : end]) for found, end in zip(headings, ends[1:], strict=True)]
    return tuple(_numbered((title, part) for title, part in parts if part.strip()))


def _numbered(parts: Iterable[tuple[str, str]]) -> Iterable[Section]:
    seen: Counter[str] = Counter()
    for title, text in parts:
        seen[title] += 1
        yield Section(f"{title} ({seen[title]})" if seen[title] > 1 else title, text)


def with_sections(text: str, wanted: Iterable[WantedSection]) -> str:
    """The card with a heading for each wanted section that has none, its hint below as a comment, which doesn't count
    as written. Raises Invalid as `read_card` does."""
    text = (text if text.strip() else NEW_CARD).rstrip("\n") + "\n"
    headings = read_card(text).headings()
    for section in wanted:
        if as_asked(section.title) not in headings:
            text += f"\n## {section.title}\n" + (f"\n<!-- {section.hint} -->\n" if section.hint else "")
    return text
