"""Names of columns and groups as people read them, and values of any kind as text."""

from datetime import date
from typing import Any

import pytest

from dashboard.readable import as_text, group_in_words, rows_counted


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


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-11-19T12:41:07Z", "19 Nov 2026, 12:41:07 UTC"),
        ("0001-01-01T00:00:00+10:00", "0001-01-01T00:00:00+10:00"),
        (["a", "b"], "a, b"),
        ({"on": date(2026, 2, 3)}, "on: 2026-02-03"),
        ("half \ud800", "half \\ud800"),
        (["half", "\ud800"], "half, \\ud800"),
        ({"half": "\ud800"}, "half: \\ud800"),
        ({date(2024, 1, 1): "first"}, "2024-01-01: first"),
        (16**4000, "(can’t be shown)"),
        (nested(100_000), "(can’t be shown)"),
    ],
    ids=lambda value: ascii(value)[:30] if isinstance(value, str) else "",
)
def test_every_value_becomes_text_that_a_page_can_hold(value: Any, text: str) -> None:
    assert as_text(value) == text
    assert text.encode()
