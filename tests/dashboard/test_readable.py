"""Names of columns and groups as people read them."""

import pytest

from dashboard.readable import group_in_words, rows_counted


@pytest.mark.parametrize(
    ("column", "group", "words"),
    [
        ("marital_status", "single", "Marital status: single"),
        ("region", "", "Region: no value"),
        ("age_band", "under_25", "Age band: under_25"),
    ],
)
def test_a_group_is_named_by_its_column_and_one_without_a_value_too(column: str, group: str, words: str) -> None:
    assert group_in_words(column, group) == words


def test_recall_counts_positive_rows_precision_what_is_decided_yes_and_others_all() -> None:
    assert [rows_counted(metric) for metric in ("recall", "precision", "accuracy", "mae")] == [
        "positive rows",
        "rows decided yes",
        "rows",
        "rows",
    ]
