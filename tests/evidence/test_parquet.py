"""Locking Parquet: the same rows, whatever types the file keeps them in; what is neither text nor number is refused."""

import csv
import io

import duckdb
import numpy as np
import pytest

from accounts.reasons import Invalid
from evidence.actions import hand_out_inputs, lock_dataset
from evidence.labels import Declaration
from evidence.loading import load_inputs, load_rows
from evidence.models import LockedDataset
from registry.actions import create_dataset
from registry.models import DatasetVersion
from tests.evidence.locked_ids import ids_of
from tests.factories import persona

pytestmark = pytest.mark.django_db
DECLARED = Declaration("id", "approved", "1", ["region"])
ROWS = """
    (1, 10.5::DOUBLE, 'north', 1::SMALLINT, true, DATE '2026-01-31'),
    (2, NULL, 'south', 0, false, NULL),
    (3, 'nan'::DOUBLE, NULL, 1, NULL, DATE '2026-02-01')
"""
NAMES = "id, amount, region, approved, urban, decided_on"


@pytest.fixture
def parquet(tmp_path):
    def written(rows: str = ROWS, names: str = NAMES) -> bytes:
        file = tmp_path / "rows.parquet"
        duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) AS t({names})) TO '{file}' (FORMAT parquet)")
        return file.read_bytes()

    return written


@pytest.fixture
def lock():
    dataset = create_dataset("loan-holdout", actor=persona("sam"))

    def locked(content: bytes, declared: Declaration = DECLARED) -> LockedDataset:
        return lock_dataset(dataset, [content], declared, actor=persona("sam"))

    return locked


def test_rows_are_read_in_the_files_order_and_types(lock, parquet):
    locked = lock(parquet())
    assert (locked.rows, locked.positives) == (3, 2)
    assert {column["name"]: column["type"] for column in locked.columns} == {
        "id": "number",
        "amount": "number",
        "region": "text",
        "approved": "number",
        "urban": "number",
        "decided_on": "text",
    }
    rows = load_rows(locked)
    assert rows.truth.tolist() == [True, False, True]
    assert (rows.segments["region"].names, rows.segments["region"].places.tolist()) == (
        ("", "north", "south"),
        [1, 2, 0],
    )
    assert ids_of(locked) == ["1", "2", "3"]


def test_a_model_is_given_numbers_as_floats_and_what_is_missing_as_nan(lock, parquet):
    inputs = load_inputs(lock(parquet()), ["urban", "amount", "region"])
    assert list(inputs) == ["urban", "amount", "region"]
    np.testing.assert_array_equal(inputs["amount"], [10.5, np.nan, np.nan])
    np.testing.assert_array_equal(inputs["urban"], [1.0, 0.0, np.nan])
    assert inputs["region"].tolist() == ["north", "south", ""]


def test_its_inputs_leave_as_csv_without_the_target(lock, parquet):
    content = b"".join(hand_out_inputs(lock(parquet()), actor=persona("dana"))).decode()
    header, *rows = csv.reader(io.StringIO(content))
    assert header == ["id", "amount", "region", "urban", "decided_on"]
    assert rows[0] == ["1", "10.5", "north", "true", "2026-01-31"]
    assert rows[1][1:3] == ["", "south"]


def test_the_same_rows_as_csv_are_judged_alike(lock, parquet):
    parquet_rows = load_rows(lock(parquet("(1, 2, 'n', 1), (2, 3, 's', 0)", "id, amount, region, approved")))
    csv_rows = load_rows(lock(b"id,amount,region,approved\n1,2,n,1\n2,3,s,0\n"))
    assert parquet_rows.truth.tolist() == csv_rows.truth.tolist()
    assert parquet_rows.segments["region"].names == csv_rows.segments["region"].names


BAD = {
    "a nested column": ("(1, [1, 2], 'n', 1), (2, [3], 's', 0)", "id, amount, region, approved", "'amount'"),
    "no target": ("(1, 2)", "id, amount", "'approved'"),
    "a missing label": ("(1, 2, 'n', 1), (2, 3, 's', NULL)", "id, amount, region, approved", "row 2"),
    "an id twice": ("(1, 2, 'n', 1), (1, 3, 's', 0)", "id, amount, region, approved", "'1'"),
    "floats for a positive label": (
        "(1, 2, 'n', 1.0), (2, 3, 's', 0.0)",
        "id, amount, region, approved",
        "it holds 0.0",
    ),
}


@pytest.mark.parametrize(("rows", "names", "named"), BAD.values(), ids=BAD)
def test_a_file_that_can_not_be_right_is_refused_by_name(lock, parquet, rows, names, named):
    with pytest.raises(Invalid, match=named):
        lock(parquet(rows, names))
    assert not DatasetVersion.objects.exists()


def test_a_file_cut_short_is_refused(lock, parquet):
    content = parquet()
    for length in (5, 20, len(content) // 2, len(content) - 1):
        with pytest.raises(Invalid, match="loan-holdout starts like a Parquet file and can't be read"):
            lock(content[:length])
    assert not LockedDataset.objects.exists()


def test_names_that_differ_by_case_only_stay_apart(lock):
    locked = lock(b"id,Amount,amount,region,approved\n1,2,3,n,1\n2,4,5,s,0\n")
    inputs = load_inputs(locked, ["amount", "Amount"])
    assert (inputs["amount"].tolist(), inputs["Amount"].tolist()) == ([3, 5], [2, 4])


def test_a_column_of_the_files_own_layout_is_no_trouble(lock):
    """Columns may be called as ours are inside."""
    locked = lock(b"id,truth,input 0,segment 0,region,approved\n1,7,8,9,n,1\n2,7,8,9,s,0\n")
    assert load_inputs(locked, ["segment 0"])["segment 0"].tolist() == [9, 9]


# --- Weights, and rows without labels ----------------------------------------------------------------

WEIGHTED = Declaration("id", "approved", "1", ["region"], weight="w")


def test_weights_say_how_much_each_row_counts_and_are_no_input(lock):
    locked = lock(b"id,region,approved,w\n1,n,1,0.5\n2,s,0,3\n", WEIGHTED)
    assert load_rows(locked).weight.tolist() == [0.5, 3.0]
    assert locked.input_columns == ["region"]


@pytest.mark.parametrize("weight", ["0", "-1", "", "nan", "inf", "much", "1e16", "1e-16"])
def test_a_weight_that_is_no_number_above_zero_is_refused_by_its_line(lock, weight):
    with pytest.raises(Invalid, match="line 3") as refused:
        lock(f"id,region,approved,w\n1,n,1,0.5\n2,s,0,{weight}\n".encode(), WEIGHTED)
    assert refused.value.reason.code == "bad_weights"


def test_rows_without_labels_are_locked_for_their_task(lock):
    locked = lock(b"id,region,amount\n1,n,5\n2,s,6\n", Declaration("id", segments=["region"]))
    assert (locked.is_labelled, locked.positives, locked.input_columns) == (False, None, ["region", "amount"])
    assert len(load_rows(locked).truth) == 0


def test_a_positive_value_without_a_target_is_refused(lock):
    with pytest.raises(Invalid, match="no target"):
        lock(b"id,region\n1,n\n2,s\n", Declaration("id", positive="1"))
