"""A version's lineage as boxes and lines: what it is built on, how it was made, the version, what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT, GAP = 224, 44, 12
COLUMN = 284  # from the left edge of one column to the next
LETTERS = 29  # what fits in a box; the list beside the drawing has every name whole
BOXES_OF_A_KIND = 4

#: Kinds with what is written of each, and whether a bug in it is open.
Parts = Sequence[tuple[str, Sequence[tuple[str, bool]]]]


@dataclass(frozen=True)
class Box:
    """One thing, in pixels from the top left."""

    kind: str
    text: str
    x: float
    y: float
    has_defect: bool = False
    is_version: bool = False

    @property
    def middle(self) -> float:
        return self.y + BOX_HEIGHT / 2


@dataclass(frozen=True)
class Drawing:
    """`lines` are SVG paths; `words` say in one sentence what is drawn."""

    width: int
    height: float
    boxes: list[Box]
    lines: list[str]
    words: str


def draw(built_on: Parts, made: Parts, follows: Parts, *, version: str) -> Drawing:
    """Four columns from left to right; what is built on leads through how it was made to the version, and on."""
    columns = [_boxes(built_on), _boxes(made), [("Version", version, False)], _boxes(follows)]
    height = max(len(column) for column in columns) * (BOX_HEIGHT + GAP) - GAP
    left, middle, (centre,), right = (_placed(column, at, height) for at, column in enumerate(columns))
    before = middle or [centre]
    lines = [_line(one, other) for one in left for other in before]
    lines += [_line(one, centre) for one in middle] + [_line(centre, other) for other in right]
    return Drawing(
        width=3 * COLUMN + BOX_WIDTH,
        height=height,
        boxes=[*left, *middle, centre, *right],
        lines=lines,
        words=_words(columns[0], columns[3], version),
    )


def _boxes(parts: Parts) -> list[tuple[str, str, bool]]:
    boxes = []
    for kind, entries in parts:
        shown = entries if len(entries) <= BOXES_OF_A_KIND else entries[: BOXES_OF_A_KIND - 1]
        boxes += [(kind, text, bad) for text, bad in shown]
        if rest := entries[len(shown) :]:
            boxes.append((kind, f"{len(rest)} more, in the list", any(bad for _, bad in rest)))
    return boxes


def _placed(column: Sequence[tuple[str, str, bool]], at: int, height: float) -> list[Box]:
    """The column's boxes, centred in the height."""
    top = (height - len(column) * (BOX_HEIGHT + GAP) + GAP) / 2
    return [
        Box(kind, _short(text), at * COLUMN, top + place * (BOX_HEIGHT + GAP), bad, kind == "Version")
        for place, (kind, text, bad) in enumerate(column)
    ]


def _short(text: str) -> str:
    """Cut in the middle: how a name begins and its number both tell it apart."""
    half = LETTERS // 2
    return text if len(text) <= LETTERS else f"{text[:half]}…{text[-half:]}"


def _line(one: Box, other: Box) -> str:
    start, end = one.x + BOX_WIDTH, other.x
    bend = (start + end) / 2
    return f"M{start:g} {one.middle:g}C{bend:g} {one.middle:g} {bend:g} {other.middle:g} {end:g} {other.middle:g}"


def counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count:,} {thing}s"


def _words(built_on: Sequence[tuple[str, str, bool]], follows: Sequence[object], version: str) -> str:
    bad = sum(defect for _, _, defect in built_on)
    known = f"{version} is built on {counted(len(built_on), 'thing')}"
    told = known if built_on else f"What {version} is built on isn’t known"
    told += f", of which {bad} {'has' if bad == 1 else 'have'} a reported bug" if bad else ""
    if not follows:
        return f"{told}. Nothing follows from it yet."
    return f"{told}. {counted(len(follows), 'thing')} {'follows' if len(follows) == 1 else 'follow'} from it."
