"""The gate strip: one cell per gate, beside the counts in words."""

from collections.abc import Iterable
from dataclasses import dataclass

CELL, GAP, HEIGHT = 10, 3, 8

LOOKS = {
    "passed": "pass",
    "failed": "fail",
    "error": "fail",
    "inconclusive": "unsure",
    "waived": "waived",
    "running": "run",
    "queued": "wait",
    "waiting": "wait",
}
FILLED = ("pass", "fail")


@dataclass(frozen=True)
class Cell:
    """One gate's cell: its look and its box in pixels (outlined cells are drawn inside their line)."""

    look: str
    x: float
    y: float
    width: float
    height: float


def strip_width(cells: int) -> int:
    """Pixels of a strip of that many cells."""
    return max(cells * (CELL + GAP) - GAP, 0)


def strip_cells(outcomes: Iterable[str]) -> list[Cell]:
    """Cells in the order of the gates. An unknown outcome raises `KeyError`."""
    return [_cell(LOOKS[outcome], place * (CELL + GAP)) for place, outcome in enumerate(outcomes)]


def _cell(look: str, x: int) -> Cell:
    inset = 0 if look in FILLED else 0.75
    return Cell(look, x + inset, inset, CELL - 2 * inset, HEIGHT - 2 * inset)
