"""Values that people or programs put into metadata and records, as text to read."""

import json
from datetime import date
from typing import Any

from django.utils.dateparse import parse_datetime

from dashboard.times import on_record
from evidence.groups import group_name


def as_text(value: Any) -> str:
    """Text as it is, moments by the clock, lists and names with values in commas, the rest as JSON. Whatever the value
    is, there is text to show; half characters, which no page can hold, as their codes."""
    try:
        said = _said(value)
    except (TypeError, ValueError, RecursionError):  # numbers without end, lists within lists
        said = "(can’t be shown)"
    return said.encode(errors="backslashreplace").decode()


def _said(value: Any) -> str:
    if isinstance(value, str):
        return _moment(value) or value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list) and value:
        return ("; " if any(isinstance(part, list | dict) for part in value) else ", ").join(map(_said, value))
    if isinstance(value, dict) and value:
        return ", ".join(f"{str(name).replace('_', ' ')}: {_said(part)}" for name, part in value.items())
    return json.dumps(value, ensure_ascii=False, default=str)


def _moment(text: str) -> str:
    """The moment by the clock; empty for what is none."""
    try:
        moment = parse_datetime(text)
        return on_record(moment) if moment and moment.tzinfo else ""
    except (ValueError, OverflowError):  # shaped like a time, and none: a 30th of February, an hour before the year 1
        return ""


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
