"""Locked datasets as columns: read from CSV, checked once when locked, trusted afterwards."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from accounts.reasons import Invalid
from evidence.labels import LONGEST_NAME, MISSING, Declaration, check_labels, check_task

__all__ = ["Declaration", "Table", "check_declaration", "column_types", "read_csv", "typed", "write_csv"]

Column = npt.NDArray[np.float64] | npt.NDArray[np.object_]


@dataclass(frozen=True)
class Table:
    """Columns of equal length, as text, in file order."""

    columns: dict[str, list[str]]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()), []))


def read_csv(stream: BinaryIO, *, thing: str) -> Table:
    """Reads a CSV file with a header line. Raises Invalid naming the line when it isn't one; `thing` names it."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    lines = csv.reader(text, strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_header(header, thing)
        rows = list(_rows(lines, len(header), thing))
    except UnicodeDecodeError as error:
        raise Invalid("not_csv", f"{thing} is not text in UTF-8.", "Send a CSV file in UTF-8.") from error
    except csv.Error as error:
        raise Invalid("not_csv", f"{thing} is not valid CSV in line {lines.line_num}: {error}.") from error
    finally:
        text.detach()  # closing the stream is the caller's
    if not rows:
        raise Invalid("no_rows", f"{thing} has no rows.", "Send a header line and at least one row.")
    return Table(dict(zip(header, map(list, zip(*rows, strict=True)), strict=True)))


def _check_header(header: list[str], thing: str) -> None:
    doubled = [name for name, count in Counter(header).items() if count > 1]
    if not header or not all(header) or doubled:
        what = f"names {', '.join(doubled)} twice" if doubled else "has an empty column name or none at all"
        raise Invalid("bad_header", f"The header of {thing} {what}.", "Name every column once.")
    if long := [name for name in header if len(name) > LONGEST_NAME]:
        what = f"has a name of {len(long[0])} characters, {long[0][:40]}…"
        raise Invalid("bad_header", f"The header of {thing} {what}.", f"Use {LONGEST_NAME} at most.")
    if unseen := [name for name in header if not name.isprintable()]:
        what = f"has the name {unseen[0]!r}, in which characters can't be seen"
        raise Invalid("bad_header", f"The header of {thing} {what}.", "Use visible characters.")


def _rows(lines: Iterator[list[str]], width: int, thing: str) -> Iterator[list[str]]:
    for number, row in enumerate(lines, start=2):
        if len(row) != width:
            raise Invalid("ragged_csv", f"Line {number} of {thing} has {len(row)} fields, the header {width}.")
        yield row


def check_declaration(table: Table, declaration: Declaration, *, thing: str) -> None:
    """Raises Invalid unless the declared columns exist and the labels are whole: nothing is guessed later."""
    check_task(declaration)
    declared = {"id": declaration.id_column, "target": declaration.target}
    declared |= {f"segment {name}": name for name in declaration.segments}
    for role, name in declared.items():
        if name not in table.columns:
            raise Invalid(
                "no_such_column",
                f"{thing} has no column {name!r}, which is declared as its {role}.",
                f"Its columns are {', '.join(table.columns)}.",
            )
    if len(set(declared.values())) < 2 + len(declaration.segments):
        raise Invalid("column_used_twice", "A column can't be two of id, target and segment, or a segment twice.")
    _check_ids(table.columns[declaration.id_column], thing)
    check_labels(table.columns[declaration.target], declaration, thing)
    for name in declaration.segments:
        _check_segment(name, table.columns[name], thing)


def _check_ids(ids: list[str], thing: str) -> None:
    absent = [row for row, value in enumerate(ids, start=2) if not value.strip()]
    if absent:
        raise Invalid("missing_ids", f"{len(absent)} rows of {thing} have no id, the first in line {absent[0]}.")
    doubled = [value for value, count in Counter(ids).items() if count > 1]
    if doubled:
        raise Invalid("duplicate_ids", f"{thing} has ids more than once: {len(doubled)}, for example {doubled[0]!r}.")


def _check_segment(name: str, values: list[str], thing: str) -> None:
    count = len(set(values))
    if count > 100:
        raise Invalid(
            "too_many_segments",
            f"The segment column {name!r} of {thing} holds {count:,} different values.",
            "Declare columns with 100 groups at most; band numbers first.",
        )
    if long := [value for value in values if len(value) > LONGEST_NAME]:
        raise Invalid(
            "segment_too_long",
            f"The segment column {name!r} of {thing} holds a group of {len(long[0])} characters, {long[0][:40]}….",
            f"Name groups with {LONGEST_NAME} characters at most.",
        )
    if unseen := [value for value in values if not value.isprintable()]:
        raise Invalid(
            "segment_not_printable",
            f"The segment column {name!r} of {thing} holds {unseen[0]!r}, in which characters can't be seen.",
            "Name groups with visible characters.",
        )


def typed(values: Sequence[str]) -> Column:
    """A column as float64 when every value is a number or missing (NaN), else as text."""
    try:
        return np.array([_number(value) for value in values], dtype=np.float64)
    except ValueError:
        return np.array(values, dtype=object)


def _number(value: str) -> float:
    return float("nan") if value.strip().lower() in MISSING else float(value)


def column_types(table: Table) -> list[dict[str, str]]:
    """Name and type ("number" or "text") of every column, in file order."""
    return [
        {"name": name, "type": "number" if typed(values).dtype == np.float64 else "text"}
        for name, values in table.columns.items()
    ]


def write_csv(columns: Mapping[str, Sequence[str]]) -> Iterator[bytes]:
    """CSV in blocks of rows, for streaming."""
    yield _block([list(columns)])
    block: list[list[str]] = []
    for row in zip(*columns.values(), strict=True):
        block.append(list(row))
        if len(block) == 1000:
            yield _block(block)
            block = []
    yield _block(block)


def _block(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()
