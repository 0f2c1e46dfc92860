"""The rows behind a comparison: how many became what, and which they are. Only `evidence.actions.cases` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from accounts.reasons import Invalid
from evidence.columnar import fetch
from evidence.judging import Predicted
from evidence.loading import locked_file
from evidence.locking import ID, TRUTH, input_column, segment_column
from evidence.models import Comparison, Evaluation, LockedDataset
from evidence.outcomes import decided, kinds_of
from evidence.turning import turned_counts, turned_kind
from registry.models import Task, Version
from registry.stores import store

#: Orders: as the dataset has them, or by how far the candidate's answer is from the baseline's, the farthest first.
IN_DATASET, BY_CHANGE = "", "change"
_READ_AT_ONCE = 1000
_ROW = "file_row_number"

RowNumbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Asked:
    """Which rows: of one `outcome` and in one segment of a column ("" for any), the ones after row `after` in order."""

    outcome: str = ""
    column: str = ""
    segment: str = ""
    by: str = IN_DATASET
    after: int | None = None


@dataclass(frozen=True)
class Answer:
    """What a version said of a row: the `score` of a binary model, the probability of the class it decided for
    (None when it gave none), or the number it predicted; and in words what it decided, "" for a number."""

    score: float | None
    decided: str


@dataclass(frozen=True)
class Case:
    """One row, its `number` counted from 0. Inputs are as models are given them; None where a value is missing."""

    number: int
    id: str
    outcome: str
    truth: str | float
    baseline: Answer
    candidate: Answer
    segments: dict[str, str]
    inputs: dict[str, str | float | None]


@dataclass(frozen=True)
class RowByRow:
    """A stored comparison from the side that is asked for; `is_turned` where it was made the other way round."""

    stored: Comparison
    is_turned: bool = False

    @property
    def candidate(self) -> Evaluation:
        return self.stored.baseline if self.is_turned else self.stored.candidate

    @property
    def baseline(self) -> Evaluation:
        return self.stored.candidate if self.is_turned else self.stored.baseline

    @property
    def made_at(self) -> datetime:
        return self.stored.made_at

    @property
    def kinds(self) -> list[str]:
        """What a row became, seen from this side, by the number that is stored for it."""
        stored = kinds_of(self.candidate.dataset.task)
        return [turned_kind(kind) if self.is_turned else kind for kind in stored]


def comparison_of(candidate: Version, baseline: Version, locked: LockedDataset) -> RowByRow | None:
    """The newest stored comparison of the two on the dataset, whichever way round it was made; None when they never
    were compared there."""
    there = Q(candidate__version=candidate, baseline__version=baseline)
    back = Q(candidate__version=baseline, baseline__version=candidate)
    found = Comparison.objects.filter(there | back, candidate__dataset=locked)
    related = "candidate__version__model", "baseline__version__model", "candidate__dataset__dataset_version__dataset"
    newest = found.select_related(*related).order_by("-made_at", "-pk").first()
    if newest is None:
        return None
    newest.baseline.dataset = newest.candidate.dataset  # which is what they were compared on
    return RowByRow(newest, is_turned=newest.candidate.version_id != candidate.pk)


def check_asked(asked: Asked, locked: LockedDataset) -> None:
    """Raises Invalid for an outcome, a segment or an order that isn't there, naming those that are."""
    kinds = kinds_of(locked.task)
    if asked.outcome and asked.outcome not in kinds:
        raise Invalid("no_such_outcome", f"No row becomes {asked.outcome!r}.", f"Ask for {', '.join(kinds)}.")
    if asked.column and asked.segment not in locked.groups.get(asked.column, []):
        raise Invalid(
            "no_such_segment",
            f"{locked} has no segment {asked.column}:{asked.segment}.",
            f"Its columns are {', '.join(locked.segment_columns) or 'none'}.",
        )
    if asked.by not in {IN_DATASET, BY_CHANGE}:
        raise Invalid("no_such_order", f"Rows can't be ordered by {asked.by!r}.", f"Leave it out, or say {BY_CHANGE}.")


def segment_asked(text: str, locked: LockedDataset) -> tuple[str, str]:
    """Column and segment written `column:segment`. Raises Invalid when the dataset declares no such one."""
    if not text:
        return "", ""
    for column in locked.segment_columns:
        segment = text.removeprefix(f"{column}:")
        if segment != text and segment in locked.groups[column]:
            return column, segment
    column, _, segment = text.partition(":")
    check_asked(Asked(column=column or text, segment=segment), locked)
    raise Invalid("no_such_segment", f"{text!r} names no segment.", "Write it as column:segment.")


def count_cases(comparison: RowByRow, asked: Asked) -> int:
    """How many rows are asked for, by the counts that were stored; no row is read."""
    counts = decision_counts(comparison, asked.column, asked.segment)
    return counts.get(asked.outcome, 0) if asked.outcome else sum(counts.values())


def decision_counts(comparison: RowByRow, column: str = "", segment: str = "") -> dict[str, int]:
    """How many rows became what, of all rows or of one segment."""
    counts = _stored_counts(comparison.stored, column, segment)
    return turned_counts(counts) if comparison.is_turned else counts


def _stored_counts(stored: Comparison, column: str, segment: str) -> dict[str, int]:
    if not column:
        return dict(stored.result["decisions"])
    by_column = stored.by_segment.get("segment_decisions", {})
    return dict(by_column.get(column, {}).get(segment, {}))


def next_rows(comparison: RowByRow, asked: Asked, *, most: int) -> list[int]:
    """The numbers of the next rows asked for, in the order asked for, `most` at most.

    Raises BytesGone when the rows or what became of them are gone from the store.
    """
    found = np.flatnonzero(_fits(comparison, asked))
    if asked.by == BY_CHANGE:
        return [int(row) for row in _farthest(comparison, found, asked.after, most)]
    start = 0 if asked.after is None else int(np.searchsorted(found, asked.after, side="right"))
    return [int(row) for row in found[start : start + most]]


def _fits(comparison: RowByRow, asked: Asked) -> npt.NDArray[np.bool_]:
    locked = comparison.candidate.dataset
    fits = np.ones(locked.rows, dtype=np.bool_)
    if asked.outcome:
        with _opened(comparison.stored.outcomes_digest) as outcomes:
            fits &= outcomes == comparison.kinds.index(asked.outcome)
    if asked.column:
        column = segment_column(locked.segment_columns.index(asked.column))
        with locked_file(locked) as path:
            fits &= fetch(path, [column])[column] == locked.groups[asked.column].index(asked.segment)
    return fits


def _farthest(comparison: RowByRow, found: RowNumbers, after: int | None, most: int) -> RowNumbers:
    """Of the rows found those whose answers differ most; among equals the earlier row first."""
    change = _changes(comparison)
    if after is not None:
        if after >= len(change):
            return found[:0]
        later = (change[found] < change[after]) | ((change[found] == change[after]) & (found > after))
        found = found[later]
    if len(found) > most:
        least = np.partition(change[found], -most)[-most]
        found = found[change[found] >= least]
    return found[np.argsort(-change[found], kind="stable")[:most]]


def _changes(comparison: RowByRow) -> npt.NDArray[Any]:
    """How far apart the two answers to each row are: half the sum over classes, so 0 to 1 for probabilities."""
    sides = (comparison.baseline.predictions_digest, comparison.candidate.predictions_digest)
    with _opened(sides[0]) as before, _opened(sides[1]) as after:
        if before.shape != after.shape:  # one of them named classes only, so only decisions can be set side by side
            task = comparison.candidate.dataset.task
            return np.not_equal(decided(task, Predicted(before)), decided(task, Predicted(after))).astype(np.float64)
        apart: npt.NDArray[np.float64] = np.abs(after - before)
    return np.sum(apart, axis=1) / 2 if apart.ndim == 2 else apart


def read_cases(comparison: RowByRow, rows: Sequence[int]) -> Iterator[Case]:
    """These rows, in this order, each stored file fetched once.

    Raises BytesGone when something of them is gone from the store.
    """
    locked, kinds = comparison.candidate.dataset, comparison.kinds
    digests = (each.predictions_digest for each in (comparison.baseline, comparison.candidate))
    with ExitStack() as files:
        path = files.enter_context(locked_file(locked))
        outcomes = files.enter_context(_opened(comparison.stored.outcomes_digest))
        before, after = (files.enter_context(_opened(digest)) for digest in digests)
        for start in range(0, len(rows), _READ_AT_ONCE):
            some = list(rows[start : start + _READ_AT_ONCE])
            was = _answers(locked, comparison.baseline, before[some])
            now = _answers(locked, comparison.candidate, after[some])
            for case, kind, *told in zip(_plain_cases(locked, path, some), outcomes[some], was, now, strict=True):
                yield replace(case, outcome=kinds[kind], baseline=told[0], candidate=told[1])


def _plain_cases(locked: LockedDataset, path: Path, rows: Sequence[int]) -> Iterator[Case]:
    """The rows as they were locked; nothing of what was said of them."""
    order = [column["name"] for column in locked.columns]
    segments = {segment_column(place): name for place, name in enumerate(locked.segment_columns)}
    inputs = {input_column(order.index(name)): name for name in locked.input_columns if name not in locked.groups}
    numbers = ", ".join(str(row) for row in rows)
    found = fetch(path, [ID, TRUTH, *segments, *inputs, _ROW], where=f"{_ROW} IN ({numbers})")
    at = {int(row): place for place, row in enumerate(found[_ROW])}
    nobody = Answer(None, "")
    for row in rows:
        yield Case(
            number=row,
            id=str(found[ID][at[row]]),
            outcome="",
            truth=_truth(locked, found[TRUTH][at[row]]),
            baseline=nobody,
            candidate=nobody,
            segments={name: locked.groups[name][int(found[key][at[row]])] for key, name in segments.items()},
            inputs={name: _input(found[key][at[row]]) for key, name in inputs.items()},
        )


def _truth(locked: LockedDataset, value: Any) -> str | float:
    if locked.task == Task.REGRESSION:
        return float(value)
    return _in_words(locked, int(value))


def _in_words(locked: LockedDataset, decision: int) -> str:
    """A decision, or the truth, as people read it: the class, or the positive label and its contrary."""
    if locked.task == Task.MULTICLASS:
        return str(locked.classes[decision])
    return locked.positive_label if decision else f"not {locked.positive_label}"


def _input(value: Any) -> str | float | None:
    if value is None or value is np.ma.masked:
        return None
    if isinstance(value, str):
        return value
    return None if isnan(value) else float(value)


def _answers(locked: LockedDataset, evaluation: Evaluation, scores: npt.NDArray[Any]) -> list[Answer]:
    if locked.task == Task.REGRESSION:
        return [Answer(float(score), "") for score in scores]
    decisions = decided(locked.task, Predicted(scores, evaluation.version.decision_threshold))
    told: list[float | None] = (
        [float(score) for score in scores] if locked.task == Task.BINARY else [None] * len(scores)
    )
    if scores.ndim == 2:
        told = [float(scores[place, decision]) for place, decision in enumerate(decisions)]
    return [Answer(score, _in_words(locked, int(decision))) for score, decision in zip(told, decisions, strict=True)]


@contextmanager
def _opened(digest: str) -> Iterator[npt.NDArray[Any]]:
    """A file of one entry per row, mapped: ten million needn't be read to show 25."""
    with store().as_file(digest) as path:
        yield np.load(path, mmap_mode="r", allow_pickle=False)
