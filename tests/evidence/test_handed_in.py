"""Reading tables: what Python's own csv module reads, or nothing; and a session reads nothing it wasn't given."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.reasons import Invalid
from evidence.columnar import fetch, session
from evidence.handed_in import opened

NUL = "\x00"
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=NUL), max_size=8)
fields = st.one_of(st.sampled_from(["", " ", '"', ",", "\n", "a\r\nb", "''", "\\", "NULL", "007", "1e3", "é"]), texts)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(fields, min_size=width, max_size=width), min_size=1, max_size=6)
)


def as_csv(rows: list[list[str]], *, end: str) -> bytes:
    buffer = io.StringIO(newline="")
    written = csv.writer(buffer, lineterminator=end, quoting=csv.QUOTE_ALL)
    written.writerow([f"column {place}" for place in range(len(rows[0]))])
    written.writerows(rows)
    return buffer.getvalue().encode()


def read(path, folder) -> list[list[str]]:
    with opened(path, thing="the file", folder=folder) as table:
        columns = ", ".join(table.text(name) for name in table.names)
        return [list(row) for row in table.all(f"SELECT {columns} FROM given ORDER BY rowid")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, end=st.sampled_from(["\n", "\r\n"]))
def test_every_table_that_python_writes_is_read_back_as_it_was(tmp_path, rows, end):
    path = tmp_path / "table.csv"
    path.write_bytes(as_csv(rows, end=end))
    assert read(path, tmp_path) == rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=60), st.text('ab,"\n\r1', max_size=40).map(str.encode)))
def test_any_bytes_are_a_table_or_refused_by_name(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    refused, rows = "", []
    try:
        rows = read(path, tmp_path)
    except Invalid as invalid:
        refused = str(invalid)
    assert rows or "the file" in refused
    assert len({len(row) for row in rows}) <= 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/written-by-a-session'",
        "ATTACH '/tmp/attached-by-a-session.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')",
    ],
)
def test_a_session_reaches_nothing_that_it_was_not_given(tmp_path, statement):
    with session(reading=[tmp_path / "given.csv"], folder=tmp_path) as duck, pytest.raises(duckdb.Error):
        duck.execute(statement)


def test_many_threads_read_at_once(tmp_path):
    files = []
    for number in range(4):
        files.append(tmp_path / f"{number}.parquet")
        duckdb.sql(f"COPY (SELECT {number} AS n FROM range(10000)) TO '{files[-1]}' (FORMAT parquet)")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: fetch(files[number], ["n"])["n"], [0, 1, 2, 3] * 10))
    assert [int(np.unique(values).item()) for values in found] == [0, 1, 2, 3] * 10
