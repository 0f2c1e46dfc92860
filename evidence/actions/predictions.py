from collections import Counter
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from accounts.models import User
from accounts.reasons import Conflict, Invalid, refuse_if
from evidence.actions.evaluate import existing_evaluation, store_evaluation
from evidence.fitting import why_not_judged_on
from evidence.loading import LockedRows, load_rows
from evidence.models import Evaluation, LockedDataset, Provenance
from evidence.runtimes import RUNTIMES
from evidence.runtimes.prediction import ROUNDING_OF_SUMS
from evidence.tables import read_csv
from registry.models import Task, Version
from registry.permissions import why_not_complete

Floats = npt.NDArray[np.float64]


def hand_in_predictions(version: Version, locked: LockedDataset, stream: BinaryIO, *, actor: User) -> Evaluation:
    """Takes predictions made elsewhere (CSV) and measures them here, as provenance `scored`.

    Columns by task. binary: `id,score`, the probability of the positive label. regression: `id,prediction`, a
    number in the target's unit. multiclass: `id` and a column for each class, named by its label, with its
    probability; or `id,prediction`, the label alone, which leaves metrics of probabilities without a value.

    Raises Conflict when the version isn't final or has an evaluation on this dataset already, and Invalid when
    its task or classes aren't the dataset's, or unless there is exactly one usable prediction for every row:
    counts and examples say what is wrong.
    """
    _check_may_hand_in(version, locked, actor)
    given = read_csv(stream, thing="The file of predictions").columns
    rows = load_rows(locked)
    _check_header(given, rows)
    ids = rows.table.columns[locked.id_column]
    _check_ids(given["id"], ids, locked)
    places = {row_id: place for place, row_id in enumerate(given["id"])}
    in_order = {name: [column[places[row_id]] for row_id in ids] for name, column in given.items()}
    return store_evaluation(
        version, locked, rows, _predictions(in_order, rows), provenance=Provenance.SCORED, actor=actor
    )


def _check_may_hand_in(version: Version, locked: LockedDataset, actor: User) -> None:
    refuse_if(why_not_complete(version, actor))
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
    if (misfit := why_not_judged_on(version, locked)) is not None:
        raise Invalid.because(misfit)


def _check_header(given: dict[str, list[str]], rows: LockedRows) -> None:
    wanted = {"id", "score" if rows.task == Task.BINARY else "prediction"}
    if wanted <= set(given) or (_has_probabilities(given, rows) and "id" in given):
        return
    named = " and ".join(sorted(wanted))
    or_classes = ", or id and a column for each class, named by its label" if rows.classes else ""
    raise Invalid("bad_header", f"The file of predictions needs the columns {named}{or_classes}.")


def _has_probabilities(given: dict[str, list[str]], rows: LockedRows) -> bool:
    return bool(rows.classes) and set(rows.classes) <= set(given)


def _predictions(given: dict[str, list[str]], rows: LockedRows) -> Floats:
    """The predictions as `Prediction` has them; `given` is in the order of the locked rows."""
    ids = given["id"]
    if rows.task == Task.REGRESSION:
        numbers = _numbers(ids, given["prediction"], "prediction")
        _check_finite(numbers, ids)
        return numbers
    if rows.task == Task.MULTICLASS and not _has_probabilities(given, rows):
        return _places(ids, given["prediction"], rows.classes)
    if rows.task == Task.MULTICLASS:
        columns = [_probabilities(ids, given[label], "class") for label in rows.classes]
        return _adding_up(np.stack(columns, axis=1), ids)
    return _probabilities(ids, given["score"], "positive label")


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


def _probabilities(ids: list[str], texts: list[str], whose: str) -> Floats:
    scores = _numbers(ids, texts, "score")
    # NaN compares false with everything, so it is caught by asking what is inside.
    outside = np.flatnonzero(~((scores >= 0) & (scores <= 1)))
    if len(outside):
        first = outside[0]
        raise Invalid(
            "bad_scores",
            f"Scores not between 0 and 1: {len(outside):,}, the first {scores[first]} for row {ids[first]!r}.",
            f"Hand in the probability of the {whose}.",
        )
    return scores


def _numbers(ids: list[str], texts: list[str], what: str) -> Floats:
    numbers = np.empty(len(texts))
    for place, (row_id, text) in enumerate(zip(ids, texts, strict=True)):
        try:
            numbers[place] = float(text)
        except ValueError as error:
            raise Invalid("bad_scores", f"The {what} of row {row_id!r} is not a number: {text[:40]!r}.") from error
    return numbers


def _check_finite(numbers: Floats, ids: list[str]) -> None:
    broken = np.flatnonzero(~np.isfinite(numbers))
    if len(broken):
        first = broken[0]
        text = f"Predictions that are no finite numbers: {len(broken):,}, the first for row {ids[first]!r}."
        raise Invalid("bad_scores", text, "Hand in a number for every row.")


def _places(ids: list[str], labels: list[str], classes: tuple[str, ...]) -> Floats:
    places = {label: place for place, label in enumerate(classes)}
    for row_id, label in zip(ids, labels, strict=True):
        if label not in places:
            text = f"The prediction of row {row_id!r} is no class of the dataset: {label[:40]!r}."
            raise Invalid("unknown_class", text, f"Its classes are {', '.join(classes[:10])}.")
    return np.array([places[label] for label in labels], dtype=np.float64)


def _adding_up(scores: Floats, ids: list[str]) -> Floats:
    odd = np.flatnonzero(np.abs(scores.sum(axis=1) - 1) > ROUNDING_OF_SUMS)
    if len(odd):
        first = odd[0]
        raise Invalid(
            "bad_scores",
            f"Rows whose scores don't add up to 1: {len(odd):,}, the first is {ids[first]!r} with "
            f"{scores[first].sum():.6g}.",
            "Hand in the probability of each class.",
        )
    return scores
