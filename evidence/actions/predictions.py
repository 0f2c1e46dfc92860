from collections import Counter
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from accounts.models import User
from accounts.reasons import Conflict, Forbidden, Invalid
from evidence.actions.evaluate import existing_evaluation, store_evaluation
from evidence.loading import load_rows
from evidence.models import Evaluation, LockedDataset, Provenance
from evidence.runtimes import RUNTIMES
from evidence.tables import read_csv
from registry.models import Version
from registry.permissions import why_not_complete


def hand_in_predictions(version: Version, locked: LockedDataset, stream: BinaryIO, *, actor: User) -> Evaluation:
    """Takes predictions made elsewhere (CSV `id,score`) and measures them here, as provenance `scored`.

    Raises Conflict when the version isn't final or has an evaluation on this dataset already, and Invalid
    unless there is exactly one score between 0 and 1 for every row: counts and examples say what is wrong.
    """
    if (reason := why_not_complete(version, actor)) is not None:
        raise Forbidden.because(reason)
    if version.format in RUNTIMES:
        raise Conflict(
            "run_here",
            f"{version} is run here ({version.format}), so predictions made elsewhere aren't taken.",
            "Open a promotion; its gates run the model.",
        )
    if not version.is_final:
        raise Conflict("version_open", f"{version} isn't final yet.", "Finalise it, then hand in its predictions.")
    if (found := existing_evaluation(version, locked)) is not None:
        raise Conflict(
            "evaluated_already",
            f"{version} has an evaluation on {locked} already ({found.get_provenance_display()}).",
            "Evidence is never replaced; register a new version.",
        )
    given = read_csv(stream, thing="The file of predictions")
    if not {"id", "score"} <= set(given.columns):
        raise Invalid("bad_header", "The file of predictions needs the columns id and score.")
    rows = load_rows(locked)
    ids = rows.table.columns[locked.id_column]
    _check_ids(given.columns["id"], ids, locked)
    scores = _scores(given.columns["id"], given.columns["score"])
    in_order = np.array([scores[row_id] for row_id in ids], dtype=np.float64)
    _check_range(in_order, ids)
    return store_evaluation(version, locked, rows, in_order, provenance=Provenance.SCORED, actor=actor)


def _check_ids(given: list[str], wanted: list[str], locked: LockedDataset) -> None:
    doubled = [row_id for row_id, count in Counter(given).items() if count > 1]
    missing, extra = set(wanted) - set(given), set(given) - set(wanted)
    found = [
        f"{len(rows):,} {word} (for example {sorted(rows)[0]!r})"
        for word, rows in (("rows missing", missing), ("ids it doesn't have", extra), ("ids twice", doubled))
        if rows
    ]
    if found:
        raise Invalid(
            "predictions_do_not_fit",
            f"The predictions don't fit the {len(wanted):,} rows of {locked}: {', '.join(found)}.",
            "Make them from exactly the rows of …/inputs.",
            missing=len(missing),
            extra=len(extra),
            duplicate=len(doubled),
        )


def _scores(ids: Iterable[str], texts: Iterable[str]) -> dict[str, float]:
    scores = {}
    for row_id, text in zip(ids, texts, strict=True):
        try:
            scores[row_id] = float(text)
        except ValueError as error:
            raise Invalid("bad_scores", f"The score of row {row_id!r} is not a number: {text[:40]!r}.") from error
    return scores


def _check_range(scores: npt.NDArray[np.float64], ids: list[str]) -> None:
    # NaN compares false with everything, so it is caught by asking what is inside.
    outside = np.flatnonzero(~((scores >= 0) & (scores <= 1)))
    if len(outside):
        first = outside[0]
        raise Invalid(
            "bad_scores",
            f"Scores not between 0 and 1: {len(outside):,}, the first {scores[first]} for row {ids[first]!r}.",
            "Hand in the probability of the positive label.",
        )
