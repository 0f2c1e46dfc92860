"""The hallmark of a version: six dies in fixed order, dashed until earned.

Maker, main measure, office mark (executed here), one shield per slot, date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboard.names import Person, initials

ROMAN_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")

OUTLINES = {
    "maker": "M10 5h24l5 5v24l-5 5H10l-5-5V10z",
    "measure": "M22 8c11 0 19 6 19 14s-8 14-19 14S3 30 3 22 11 8 22 8z",
    "office": "M22 2.5L41.5 22 22 41.5 2.5 22z",
    "shield": "M6 6h32v20c0 7-7 12-16 15C13 38 6 33 6 26z",
    "date": "M9 6h26q3 0 3 3v26q0 3-3 3H9q-3 0-3-3V9q0-3 3-3z",
}


@dataclass(frozen=True)
class Die:
    """One mark: its shape, the words under it, and what is struck into it ("" = not earned yet)."""

    shape: str
    label: str
    struck: bool
    lines: tuple[str, ...] = ()

    @property
    def outline(self) -> str:
        """The SVG path of the shape, in a 44 by 44 box."""
        return OUTLINES[self.shape]


def measure_digits(value: float) -> str:
    """Parts per thousand below one, as silver is stamped (0.884 is 884); three figures above."""
    if abs(value) < 1:
        return f"{round(1000 * abs(value)):03d}"
    return f"{abs(value):.3g}"


def hallmark(
    *,
    maker: Person | str,
    measure: tuple[str, float | None],
    executed: bool,
    approvals: Sequence[tuple[str, Person | str | None]],
    struck_on: date | None,
) -> list[Die]:
    """The dies of a version. `measure` is title and value; `approvals` is slot title and who filled it."""
    title, value = measure
    dies = [
        Die("maker", "maker", bool(maker), (initials(maker),) if maker else ()),
        Die("measure", title, value is not None, () if value is None else (measure_digits(value),)),
        Die("office", "run here", executed),
    ]
    dies += [Die("shield", slot, bool(who), (initials(who),) if who else ()) for slot, who in approvals]
    lines = (str(struck_on.day), ROMAN_MONTHS[struck_on.month - 1]) if struck_on else ()
    return [*dies, Die("date", "date", struck_on is not None, lines)]


def hallmark_words(dies: Sequence[Die]) -> str:
    """What the hallmark says to those who can't see it: `Hallmark: 4 of 6 marks struck`."""
    struck = sum(die.struck for die in dies)
    return f"Hallmark: {struck} of {len(dies)} marks struck"
