"""What a model's policies want to read in its cards: the template that a writer starts from."""

import re
from collections.abc import Iterable
from typing import Any

from registry.card_sections import WantedSection

MOST_SECTIONS = 50
#: A title is one heading; a hint stands in one comment.
_TITLE, _HINT = re.compile(r"[^\s#][^\n]{0,99}"), re.compile(r"[^\n]{0,300}")
#: What to say in the sections that the gate demands by itself, where no policy says it.
HINTS = {
    "intended use": "What decision does it support, whose, and what is it not for?",
    "training data": "Which rows, from when and where, and what was left out?",
    "evaluation": "What was measured on which data? Figures: {{ metric NAME on DATASET@1 }}.",
    "limitations": "For whom or when is it worse, and what would break it?",
}


def read_wanted_sections(raw: Any) -> tuple[WantedSection, ...]:
    """Sections from a policy's document: titles, or mappings of title and hint. Raises ValueError naming the fault."""
    if not isinstance(raw, list) or len(raw) > MOST_SECTIONS:
        raise ValueError(f"it must be a list of at most {MOST_SECTIONS} sections")
    sections = tuple(_section(entry) for entry in raw)
    titles = [section.title.casefold() for section in sections]
    if doubled := {title for title in titles if titles.count(title) > 1}:
        raise ValueError(f"{', '.join(sorted(doubled))} is there twice")
    return sections


def _section(entry: Any) -> WantedSection:
    told = {"title": entry} if isinstance(entry, str) else entry
    if not isinstance(told, dict) or set(told) - {"title", "hint"}:
        raise ValueError(f"{entry!r} is no section")
    title, hint = told.get("title", ""), told.get("hint", "")
    if not isinstance(title, str) or not _TITLE.fullmatch(title):
        raise ValueError(f"{title!r} is no title of one line")
    if not isinstance(hint, str) or not _HINT.fullmatch(hint) or "--" in hint:
        raise ValueError(f"the hint of {title} must be one line of at most 300 characters without two dashes")
    return WantedSection(title, hint)


def merged(sections: Iterable[WantedSection]) -> list[WantedSection]:
    """Each title once, in order, with the first hint that anybody gives for it."""
    found: dict[str, WantedSection] = {}
    for section in sections:
        known = found.get(section.title.casefold())
        if known is None or (section.hint and not known.hint):
            found[section.title.casefold()] = WantedSection(known.title if known else section.title, section.hint)
    return [WantedSection(each.title, each.hint or HINTS.get(key, "")) for key, each in found.items()]
