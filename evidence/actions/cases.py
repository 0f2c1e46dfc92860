"""Showing single rows: nothing of them leaves before it is in the exposure ledger and on the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain

from django.db import transaction

from accounts.models import User
from accounts.reasons import refuse_if
from audit.actions import record
from audit.verbs import Verb
from evidence import events
from evidence.cases import Asked, Case, RowByRow, check_asked, next_rows, read_cases
from evidence.models import ExposureEntry
from evidence.permissions import why_not_see_rows
from registry.subjects import version_subject

PAGE_SIZE = 25
MOST_EXPORTED = 10_000


@dataclass(frozen=True)
class Shown:
    """A page of rows; `next_after` is the row to go on from, None on the last page."""

    cases: list[Case]
    next_after: int | None


def show_cases(comparison: RowByRow, asked: Asked, *, actor: User) -> Shown:
    """The next page of the rows asked for, noted as one look at the dataset; an empty page isn't noted.

    Raises Forbidden without the right to see rows, Invalid for a filter that can't be, BytesGone when the rows or
    predictions are no longer in the store; nothing is noted then.
    """
    _check(comparison, asked, actor)
    rows = next_rows(comparison, asked, most=PAGE_SIZE + 1)
    cases = list(read_cases(comparison, rows[:PAGE_SIZE]))
    if cases:
        _note(events.ROWS_SHOWN, comparison, asked, len(cases), actor=actor)
    return Shown(cases, cases[-1].number if len(rows) > PAGE_SIZE else None)


def export_cases(comparison: RowByRow, asked: Asked, *, actor: User) -> Iterator[Case]:
    """The rows asked for from the first on, `MOST_EXPORTED` at most, noted before the first of them is handed out.

    Raises as `show_cases` does.
    """
    _check(comparison, asked, actor)
    rows = next_rows(comparison, asked, most=MOST_EXPORTED)
    cases = read_cases(comparison, rows)
    first = list(zip(range(1), cases, strict=False))  # what can't be read isn't noted as handed out
    if first:
        _note(events.ROWS_EXPORTED, comparison, asked, len(rows), actor=actor)
    return chain((case for _, case in first), cases)


def _check(comparison: RowByRow, asked: Asked, actor: User) -> None:
    refuse_if(why_not_see_rows(comparison.candidate.version.model, actor))
    check_asked(asked, comparison.candidate.dataset)


@transaction.atomic
def _note(verb: Verb, comparison: RowByRow, asked: Asked, rows: int, *, actor: User) -> None:
    version, locked = comparison.candidate.version, comparison.candidate.dataset
    ExposureEntry.objects.create(dataset=locked, what=ExposureEntry.What.ROWS, who=actor.username, version=str(version))
    told = {name: value for name, value in asdict(asked).items() if value not in {"", None}}
    after = {"dataset": str(locked), "against": str(comparison.baseline.version), "filter": told, "rows": rows}
    record(verb, version_subject(version), actor=actor, after=after)
