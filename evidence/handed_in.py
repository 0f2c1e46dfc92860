"""Tables that people hand in, as CSV or Parquet: read as they are, before anything is taken to be right."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from accounts.reasons import Invalid
from evidence.columnar import Session, session

#: Characters of a column's, a group's or a label's name, as they are kept beside the figures.
LONGEST_NAME = 128
#: What stands for no value, in lower case.
MISSING = {"", "nan", "na", "null", "none"}
#: The first bytes of a Parquet file.
PARQUET = b"PAR1"
#: Of a CSV file; whatever is longer is no line of a table.
LONGEST_LINE = 2_000_000
_PLAIN_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "BOOLEAN"}
_UNSIGNED = {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
_NESTED = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "VARIANT", "GEOMETRY")


@dataclass(frozen=True)
class Given:
    """A file's rows as the table `given` of a session, its columns numbered `c0`, `c1` … in file order.

    Columns are asked for by `text` and `number`, which answer SQL; `thing` names the file in messages.
    """

    duck: Session
    thing: str
    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: int
    is_csv: bool

    def text(self, name: str) -> str:
        """The values as they are written; what isn't there is ''."""
        return f"coalesce(CAST(c{self.names.index(name)} AS VARCHAR), '')"

    def number(self, name: str) -> str:
        """The values as DOUBLE; NULL where there is none, and where it isn't a number."""
        place = self.names.index(name)
        if self.numeric[place]:
            return f"CASE WHEN isnan(CAST(c{place} AS DOUBLE)) THEN NULL ELSE CAST(c{place} AS DOUBLE) END"
        return f"CASE WHEN {self.missing(name)} THEN NULL ELSE try_cast(trim({self.text(name)}) AS DOUBLE) END"

    def missing(self, name: str) -> str:
        """Whether there is no value."""
        words = ", ".join(f"'{word}'" for word in sorted(MISSING))
        return f"lower(trim({self.text(name)})) IN ({words})"

    def is_number(self, name: str) -> bool:
        """Whether every value of the column is a number or missing."""
        if self.numeric[self.names.index(name)]:
            return True
        strange = f"NOT {self.missing(name)} AND {self.number(name)} IS NULL"
        return not self.one(f"SELECT count(*) FROM given WHERE {strange}")

    def place(self, row: int) -> str:
        """Where in the file row number `row` (from 0) stands, in words."""
        return f"line {row + 2}" if self.is_csv else f"row {row + 1}"

    def one(self, query: str, **values: Any) -> Any:
        """The first value that a query of one row answers."""
        return self.all(query, **values)[0][0]

    def all(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return self.duck.execute(query, values or None).fetchall()


@contextmanager
def opened(path: Path, *, thing: str, folder: Path, beside: Sequence[Path] = ()) -> Iterator[Given]:
    """The table in the file, CSV with a header line or Parquet; `folder` is for what doesn't fit into memory.
    The session may read the files `beside` it, too.

    Raises Invalid, naming the line or the column, for a file that is neither, has no rows, or whose columns have
    no names, one name twice, or values that are no plain texts and numbers.
    """
    with path.open("rb") as file:
        is_csv = file.read(len(PARQUET)) != PARQUET
    with session(reading=[path, *beside], folder=folder) as duck:
        try:
            yield _read_csv(duck, path, thing) if is_csv else _read_parquet(duck, path, thing)
        except duckdb.OutOfMemoryException as error:
            raise Invalid("too_large", f"{thing} doesn't fit into memory and the temporary folder.") from error


def _read_csv(duck: Session, path: Path, thing: str) -> Given:
    names = _header(path, thing)
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(names)))
    query = (
        "CREATE TABLE given AS SELECT * FROM read_csv($path, auto_detect = false, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}, max_line_size = {LONGEST_LINE}, store_rejects = true)"
    )
    try:
        duck.execute(query, {"path": str(path)})
    except duckdb.Error as error:
        text = f"{thing} is not valid CSV: its lines can't be told apart."
        raise Invalid("not_csv", text, "End all lines alike, and write a quote within a field twice.") from error
    _refuse_rejects(duck, len(names), thing)
    return _with_rows(Given(duck, thing, names, (False,) * len(names), 0, is_csv=True))


def _header(path: Path, thing: str) -> tuple[str, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = next(csv.reader(io.StringIO(file.read(LONGEST_LINE), newline=""), strict=True), [])
    except UnicodeDecodeError as error:
        raise _not_utf8(thing) from error
    except csv.Error as error:
        raise Invalid("not_csv", f"{thing} is not valid CSV in line 1: {error}.") from error
    names = tuple(name.strip() for name in line)
    _check_names(names, f"The header of {thing}")
    return names


def _not_utf8(thing: str) -> Invalid:
    return Invalid("not_csv", f"{thing} is neither text in UTF-8 nor Parquet.", "Send CSV in UTF-8, or Parquet.")


def _check_names(names: tuple[str, ...], header: str) -> None:
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if not names or not all(names) or doubled:
        what = f"names {', '.join(doubled)} twice" if doubled else "has an empty column name or none at all"
        raise Invalid("bad_header", f"{header} {what}.", "Name every column once.")
    if long := [name for name in names if len(name) > LONGEST_NAME]:
        what = f"has a name of {len(long[0])} characters, {long[0][:40]}…"
        raise Invalid("bad_header", f"{header} {what}.", f"Use {LONGEST_NAME} at most.")
    if unseen := [name for name in names if not name.isprintable()]:
        what = f"has the name {unseen[0]!r}, in which characters can't be seen"
        raise Invalid("bad_header", f"{header} {what}.", "Use visible characters.")


def _refuse_rejects(duck: Session, width: int, thing: str) -> None:
    found = duck.execute("SELECT line, error_type, error_message FROM reject_errors ORDER BY line LIMIT 1").fetchone()
    if found is None:
        return
    line, kind, message = found
    if kind == "INVALID ENCODING":
        raise _not_utf8(thing)
    if kind in {"MISSING COLUMNS", "TOO MANY COLUMNS"}:
        has = message.rpartition(" ")[2]
        raise Invalid("ragged_csv", f"Line {line} of {thing} has {has} fields, the header {width}.")
    raise Invalid("not_csv", f"{thing} is not valid CSV in line {line}: {message}")


def _read_parquet(duck: Session, path: Path, thing: str) -> Given:
    try:
        described = duck.execute("DESCRIBE SELECT * FROM read_parquet($path)", {"path": str(path)}).fetchall()
        names = _names_in_parquet(duck, path, [str(column[0]) for column in described])
        _check_names(names, f"The schema of {thing}")
        _check_kinds(names, [str(column[1]) for column in described], thing)
        columns = ", ".join(f"c{place}" for place in range(len(names)))
        duck.execute(
            f"CREATE TABLE given AS SELECT * FROM read_parquet($path) AS file({columns})",
            {"path": str(path)},
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        what = str(error).partition("\n")[0].replace(str(path), thing)[:200]
        raise Invalid("not_parquet", f"{thing} starts like a Parquet file and can't be read: {what}.") from error
    numeric = tuple(_is_numeric(str(column[1])) for column in described)
    return _with_rows(Given(duck, thing, names, numeric, 0, is_csv=False))


def _names_in_parquet(duck: Session, path: Path, described: list[str]) -> tuple[str, ...]:
    """As the file has them: DuckDB renames those that differ by upper and lower case only."""
    query = "SELECT name, num_children FROM parquet_schema($path)"
    schema = duck.execute(query, {"path": str(path)}).fetchall()
    flat = all(children is None for _, children in schema[1:])
    return tuple(str(name) for name, _ in schema[1:]) if flat else tuple(described)


def _check_kinds(names: tuple[str, ...], kinds: list[str], thing: str) -> None:
    for name, kind in zip(names, kinds, strict=True):
        if kind.startswith(_NESTED) or kind.endswith("]"):
            raise Invalid(
                "nested_column",
                f"The column {name!r} of {thing} holds {kind[:60]}, which is neither text nor a number.",
                "Leave it out, or spread it over plain columns.",
            )


def _is_numeric(kind: str) -> bool:
    return kind in _PLAIN_NUMBERS | _UNSIGNED or kind.startswith("DECIMAL")


def _with_rows(given: Given) -> Given:
    rows = given.one("SELECT count(*) FROM given")
    if not rows:
        raise Invalid("no_rows", f"{given.thing} has no rows.", "Send at least one row below the columns' names.")
    return Given(given.duck, given.thing, given.names, given.numeric, rows, given.is_csv)
