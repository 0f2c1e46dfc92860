"""CSV that a spreadsheet opens without running anything.

A cell that begins like a formula is one to a spreadsheet, quoted or not. So a text gets one apostrophe in front
when its first visible character is = + - or @ (also as full-width characters), or when it begins with a tab or a
line end. A text that begins with an apostrophe gets another: whoever takes one leading apostrophe away from every
text has what was written. Numbers that are given as numbers stay numbers, negative ones too.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence


def _like_a_formula(text: str) -> bool:
    """Spaces, control characters and marks without width are skipped before a formula is looked for."""
    if text[:1] in {"\t", "\r", "\n", "'"}:
        return True
    for character in text:
        if not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf"}:
            return unicodedata.normalize("NFKC", character)[0] in "=+-@"
    return False


def neutralised(cell: object) -> object:
    """The cell as it can stand in a CSV file; only texts that a spreadsheet could run are changed."""
    return f"'{cell}" if isinstance(cell, str) and _like_a_formula(cell) else cell


def as_written(cell: str) -> str:
    """The text that `neutralised` was given."""
    return cell.removeprefix("'")


class _Line:
    """A file of one line: the csv module writes to it, the line is taken from it."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Each row as a line of CSV (RFC 4180: commas, CRLF, quotes where needed), its cells neutralised."""
    line = _Line()
    writer = csv.writer(line)
    for row in rows:
        writer.writerow([neutralised(cell) for cell in row])
        yield line.text
