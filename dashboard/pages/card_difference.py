"""What changed between two wordings of a card: line by line, the words within a line marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from dashboard.pages.promotion_card import MOST_LINES_COMPARED, PatchLine, patch_between

_WORD = re.compile(r"\w+|\W")
MOST_WORDS_COMPARED = 400
#: Lines with less in common than this are two different sentences: marking words in them would be noise.
_ALIKE = 0.4


@dataclass(frozen=True)
class Piece:
    """Some words of a line; `marked` when the other line doesn't have them."""

    text: str
    marked: bool


@dataclass(frozen=True)
class MarkedLine:
    """One line of the difference, as `PatchLine`, cut into pieces."""

    change: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Difference:
    """From one wording to another; no lines for equal ones, and none for those that are `too_long` to be compared."""

    lines: tuple[MarkedLine, ...]
    too_long: bool = False

    @property
    def added(self) -> int:
        return sum(line.change == "new" for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.change == "gone" for line in self.lines)


def difference_between(before: str, after: str) -> Difference:
    if any(text.count("\n") > MOST_LINES_COMPARED for text in (before, after)):
        return Difference((), too_long=before != after)
    return Difference(tuple(_marked(patch_between(before, after))))


def _marked(patch: tuple[PatchLine, ...]) -> Iterator[MarkedLine]:
    """Lines that went are paired with those that came in their place, in order."""
    gone: list[str] = []
    for change, group in groupby(patch, key=lambda line: line.change):
        texts = [line.text for line in group]
        if change == "gone":
            gone = texts
            continue
        came = texts if change == "new" else []
        yield from _pairs(gone, came)
        gone = []
        if change != "new":
            yield from (MarkedLine(change, (Piece(text, False),)) for text in texts)
    yield from _pairs(gone, [])


def _pairs(gone: list[str], came: list[str]) -> Iterator[MarkedLine]:
    paired = [_word_by_word(before, after) for before, after in zip(gone, came, strict=False)]
    befores = [pair[0] for pair in paired] + [(Piece(text, False),) for text in gone[len(paired) :]]
    afters = [pair[1] for pair in paired] + [(Piece(text, False),) for text in came[len(paired) :]]
    yield from (MarkedLine("gone", pieces) for pieces in befores)
    yield from (MarkedLine("new", pieces) for pieces in afters)


def _word_by_word(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    words, others = _WORD.findall(before), _WORD.findall(after)
    if max(len(words), len(others)) > MOST_WORDS_COMPARED:
        return (Piece(before, False),), (Piece(after, False),)
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return (Piece(before, False),), (Piece(after, False),)
    changes = matcher.get_opcodes()
    return (
        tuple(Piece("".join(words[i:j]), kind != "equal") for kind, i, j, _, _ in changes if i < j),
        tuple(Piece("".join(others[k:m]), kind != "equal") for kind, _, _, k, m in changes if k < m),
    )
