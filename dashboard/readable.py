"""Values that people or programs put into metadata and records, as text to read."""

import json
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from dashboard.times import on_record
from evidence.groups import group_name


def as_text(value: Any) -> str:
    """Text as it is, moments in ISO form by the clock, lists of words with commas, the rest as JSON."""
    if isinstance(value, str):
        moment = _moment(value)
        return on_record(moment) if moment else value
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:  # shaped like a time, and none: a 30th of February
        return None
    return moment if moment and moment.tzinfo else None


def column_in_words(column: str) -> str:
    """`Marital status` for the column marital_status."""
    words = column.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"


def group_in_words(column: str, group: str) -> str:
    """`Marital status: single`."""
    return f"{column_in_words(column)}: {group_name(group)}"


_COUNTED = {"recall": "positive rows", "precision": "rows decided yes"}


def rows_counted(metric: str) -> str:
    """Which rows of a group the metric's figure rests on."""
    return _COUNTED.get(metric, "rows")
