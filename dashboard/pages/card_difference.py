"""What changed between two wordings of a card: line by line, the words within a line marked."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby

#: Comparing line by line takes time that grows with the product of both lengths.
MOST_LINES_COMPARED = 1_500
_WORD = re.compile(r"\w+|\W")
#: Words are compared within lines of at most so many, and where at most so many lines went: it is the costlier part.
MOST_WORDS_COMPARED, MOST_LINES_MARKED = 400, 40
#: Lines with less in common than this are two different sentences: marking words in them would be noise.
_ALIKE = 0.4


@dataclass(frozen=True)
class Piece:
    """Some words of a line; `marked` when the other line doesn't have them."""

    text: str
    marked: bool


@dataclass(frozen=True)
class MarkedLine:
    """One line of the difference: `change` is same, gone, new, or gap where unchanged lines are left out."""

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


@lru_cache(maxsize=64)
def difference_between(before: str, after: str) -> Difference:
    """The lines that differ, each with one unchanged line around it."""
    if any(text.count("\n") > MOST_LINES_COMPARED for text in (before, after)):
        return Difference((), too_long=before != after)
    patch = list(_patch(before.splitlines(), after.splitlines()))
    if sum(change == "gone" for change, _ in patch) > MOST_LINES_MARKED:
        return Difference(tuple(MarkedLine(change, (Piece(text, False),)) for change, text in patch))
    return Difference(tuple(_marked(patch)))


def _patch(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Change and text of each line."""
    groups = SequenceMatcher(None, before, after).get_grouped_opcodes(1)
    for place, group in enumerate(groups):
        if place:
            yield "gap", "…"
        for change, start, end, new_start, new_end in group:
            if change == "equal":
                yield from (("same", line) for line in before[start:end])
                continue
            yield from (("gone", line) for line in before[start:end])
            yield from (("new", line) for line in after[new_start:new_end])


def _marked(patch: Iterable[tuple[str, str]]) -> Iterator[MarkedLine]:
    """Lines that went are paired with those that came in their place, in order."""
    gone: list[str] = []
    for change, group in groupby(patch, key=lambda line: line[0]):
        texts = [text for _, text in group]
        if change == "gone":
            gone = texts
            continue
        yield from _pairs(gone, texts if change == "new" else [])
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
