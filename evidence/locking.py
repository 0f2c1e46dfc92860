"""Turning a handed-in table into locked rows: checked once, written as one columnar file, trusted afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from accounts.reasons import Invalid
from evidence.columnar import quoted
from evidence.handed_in import LONGEST_NAME, Given
from evidence.labels import Declaration, Labels, check_task, read_labels
from registry.models import Task

#: A column with more groups is no segment: nobody reads so many rows of a table.
MOST_GROUPS = 100
#: Every metric is kept, compared and shown for every group of each.
MOST_SEGMENT_COLUMNS = 30
#: How far weights may reach: their squares are summed and divided, which beyond this loses them or ends at infinity.
LEAST_WEIGHT, MOST_WEIGHT = 1e-15, 1e15
ID, TRUTH, WEIGHT = "id", "truth", "weight"


@dataclass(frozen=True)
class Checked:
    """What was found in the columns: `kinds` by column ("number" or "text"), group names by segment column."""

    kinds: dict[str, str]
    labels: Labels
    segments: dict[str, tuple[str, ...]]


def segment_column(place: int) -> str:
    """What a segment column is called in the file of locked rows; `place` among the declared ones."""
    return f"segment {place}"


def input_column(place: int) -> str:
    """What a column is called in the file of locked rows, as a model is given it; `place` in the handed-in file."""
    return f"input {place}"


def check(given: Given, declaration: Declaration) -> Checked:
    """Raises Invalid unless the declared columns exist and hold what they must: nothing is guessed later."""
    check_task(declaration)
    _check_declared(given, declaration)
    _check_ids(given, declaration.id_column)
    labels = read_labels(given, declaration)
    segments = {name: _groups(given, name) for name in declaration.segments}
    if declaration.weight:
        _check_weights(given, declaration.weight)
    kinds = {name: "number" if given.is_number(name) else "text" for name in given.names}
    return Checked(kinds, labels, segments)


def write(given: Given, declaration: Declaration, checked: Checked, path: Path) -> None:
    """The rows as Parquet, in the order of the file: id, truth, weight, the place of each segment, the inputs.

    Inputs that are numbers are DOUBLE with NaN for a missing one, others text.
    """
    columns = {ID: given.text(declaration.id_column)}
    values: dict[str, object] = {}
    if declaration.target:
        columns[TRUTH] = _truth(given, declaration, checked, values)
    if declaration.weight:
        columns[WEIGHT] = given.number(declaration.weight)
    for place, (name, groups) in enumerate(checked.segments.items()):
        values[f"groups{place}"] = list(groups)
        found = f"list_position($groups{place}, {given.text(name)})"
        columns[segment_column(place)] = f"CAST({found} - 1 AS USMALLINT)"
    for place, name in enumerate(given.names):
        if name not in {declaration.id_column, declaration.target, declaration.weight}:
            is_number = checked.kinds[name] == "number"
            number = f"coalesce({given.number(name)}, CAST('nan' AS DOUBLE))"
            columns[input_column(place)] = number if is_number else given.text(name)
    selected = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    target = str(path).replace("'", "''")
    query = f"COPY (SELECT {selected} FROM given ORDER BY rowid) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    try:
        given.duck.execute(query, values or None)
    except duckdb.IOException as error:
        raise Invalid("no_room", f"{given.thing} couldn't be written: {str(error)[:200]}") from error


def _truth(given: Given, declaration: Declaration, checked: Checked, values: dict[str, object]) -> str:
    if declaration.task == Task.REGRESSION:
        return given.number(declaration.target)
    text = given.text(declaration.target)
    if declaration.task == Task.MULTICLASS:
        values["classes"] = list(checked.labels.classes)
        return f"CAST(list_position($classes, {text}) - 1 AS USMALLINT)"
    values["positive"] = declaration.positive
    return f"{text} = $positive"


def _check_declared(given: Given, declaration: Declaration) -> None:
    roles = {"id": declaration.id_column, "target": declaration.target, "weight": declaration.weight}
    declared = {role: name for role, name in roles.items() if name}
    declared |= {f"segment {name}": name for name in declaration.segments}
    for role, name in declared.items():
        if name not in given.names:
            raise Invalid(
                "no_such_column",
                f"{given.thing} has no column {name!r}, which is declared as its {role}.",
                f"Its columns are {', '.join(given.names)}.",
                declared_as=role.split()[0],
            )
    if len(declaration.segments) > MOST_SEGMENT_COLUMNS:
        raise Invalid(
            "too_many_segment_columns",
            f"{len(declaration.segments)} columns are declared as segments.",
            f"Declare {MOST_SEGMENT_COLUMNS} at most: those whose groups decisions are about.",
        )
    if len(set(declared.values())) < sum(bool(name) for name in roles.values()) + len(declaration.segments):
        text = "A column can't be two of id, target, weight and segment, or a segment twice."
        raise Invalid("column_used_twice", text)


def _check_ids(given: Given, name: str) -> None:
    text = given.text(name)
    absent, first = given.all(f"SELECT count(*), min(rowid) FROM given WHERE trim({text}) = ''")[0]
    if absent:
        what = f"{absent:,} rows of {given.thing} have no id, the first in {given.place(first)}."
        raise Invalid("missing_ids", what, "Give every row one.")
    query = f"SELECT {text} AS id FROM given GROUP BY 1 HAVING count(*) > 1"
    doubled, example = given.all(f"SELECT count(*), min(id) FROM ({query})")[0]
    if doubled:
        what = f"{given.thing} has ids more than once: {doubled:,}, for example {example[:40]!r}."
        raise Invalid("duplicate_ids", what, "Give every row an id of its own.")


def _groups(given: Given, name: str) -> tuple[str, ...]:
    text = given.text(name)
    count = given.one(f"SELECT count(DISTINCT {text}) FROM given")
    if count > MOST_GROUPS:
        raise Invalid(
            "too_many_segments",
            f"The segment column {name!r} of {given.thing} holds {count:,} different values.",
            f"Declare columns with {MOST_GROUPS} groups at most; band numbers first.",
        )
    found = sorted(str(row[0]) for row in given.all(f"SELECT DISTINCT {text} FROM given"))
    if long := [group for group in found if len(group) > LONGEST_NAME]:
        raise Invalid(
            "segment_too_long",
            f"The segment column {name!r} of {given.thing} holds a group of {len(long[0])} characters, "
            f"{long[0][:40]}….",
            f"Name groups with {LONGEST_NAME} characters at most.",
        )
    if unseen := [group for group in found if not group.isprintable()]:
        raise Invalid(
            "segment_not_printable",
            f"The segment column {name!r} of {given.thing} holds {unseen[0]!r}, in which characters can't be seen.",
            "Name groups with visible characters.",
        )
    return tuple(found)


def _check_weights(given: Given, name: str) -> None:
    number = given.number(name)
    strange = f"{number} IS NULL OR NOT {number} BETWEEN {LEAST_WEIGHT} AND {MOST_WEIGHT}"
    bad, first = given.all(f"SELECT count(*), min(rowid) FROM given WHERE {strange}")[0]
    if bad:
        value = given.one(f"SELECT {given.text(name)} FROM given WHERE rowid = {first}")
        raise Invalid(
            "bad_weights",
            f"{bad:,} weights of {given.thing} are no numbers above 0 (from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}), the "
            f"first, {value[:40]!r}, in {given.place(first)}.",
            f"Let {name!r} say how much each row counts, or leave rows out that don't.",
        )
