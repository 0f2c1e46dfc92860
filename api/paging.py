"""Lists in pages by key: `next_cursor` is handed back as `?cursor=` for the page after."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from accounts.reasons import Invalid

Row = TypeVar("Row", bound=Model)
SIZE = 50


def is_row_number(text: str) -> bool:
    """Whether the text is a number that a primary key can have (64 bits); int() takes more than that."""
    return text.isascii() and text.isdigit() and len(text) < 19


def page(rows: QuerySet[Row], *, key: str, cursor: str, answer: Callable[[Row], Any]) -> dict[str, Any]:
    """One page of `rows`, ordered by `key` ("name", or "-pk" for newest first), after `cursor`."""
    field, downwards = key.removeprefix("-"), key.startswith("-")
    if cursor and field == "pk" and not is_row_number(cursor):
        raise Invalid("bad_cursor", f"{cursor!r} is no cursor of this list.", "Use next_cursor as it was answered.")
    if cursor:
        rows = rows.filter(**{f"{field}__{'lt' if downwards else 'gt'}": cursor})
    found = list(rows.order_by(key)[: SIZE + 1])
    last = found[SIZE - 1] if len(found) > SIZE else None
    return {
        "items": [answer(row) for row in found[:SIZE]],
        "next_cursor": str(getattr(last, field)) if last is not None else None,
    }
