from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from accounts.models import User
from accounts.reasons import Conflict, Invalid, refuse_if
from evidence.actions.evaluate import existing_evaluation, store_evaluation
from evidence.fitting import classes_on, why_not_judged_on
from evidence.handed_in import Given, opened
from evidence.loading import load_rows, locked_file
from evidence.locking import ID
from evidence.metrics.regression import MOST_NUMBER
from evidence.models import Evaluation, LockedDataset, Provenance
from evidence.runtimes import RUNTIMES
from evidence.runtimes.prediction import ROUNDING_OF_SUMS
from evidence.scratch import scratch_folder
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
    classes = classes_on(version, locked) if version.task == Task.MULTICLASS else []
    with scratch_folder() as folder, _given(stream, locked, folder) as given:
        _check_header(given, version.task, classes)
        _put_in_order(given, locked)
        scores = _predictions(given, version.task, classes)
    return store_evaluation(version, locked, load_rows(locked), scores, provenance=Provenance.SCORED, actor=actor)


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


@contextmanager
def _given(stream: BinaryIO, locked: LockedDataset, folder: Path) -> Iterator[Given]:
    """What was handed in, with the ids of the locked rows beside it as the table `locked`, in their order."""
    path = folder / "predictions.csv"
    with path.open("wb") as file:
        copyfileobj(stream, file)
    thing = "The file of predictions"
    with locked_file(locked) as rows, opened(path, thing=thing, folder=folder, beside=[rows]) as given:
        if not given.is_csv:
            raise Invalid("not_csv", f"{thing} is not CSV.", "Send a CSV file in UTF-8.")
        ids = f"SELECT {ID} AS id, file_row_number AS place FROM read_parquet($rows, file_row_number = true)"
        given.duck.execute(f"CREATE TABLE locked AS {ids}", {"rows": str(rows)})
        yield given


def _check_header(given: Given, task: str, classes: Sequence[str]) -> None:
    wanted = {ID, "score" if task == Task.BINARY else "prediction"}
    if wanted <= set(given.names) or (_has_probabilities(given, classes) and ID in given.names):
        return
    named = " and ".join(sorted(wanted))
    or_classes = ", or id and a column for each class, named by its label" if classes else ""
    raise Invalid("bad_header", f"The file of predictions needs the columns {named}{or_classes}.")


def _has_probabilities(given: Given, classes: Sequence[str]) -> bool:
    return bool(classes) and set(classes) <= set(given.names)


def _put_in_order(given: Given, locked: LockedDataset) -> None:
    """Brings the rows into the order of the locked ones. Raises Invalid unless each has exactly one."""
    row_id = given.text(ID)
    given.duck.execute(f"CREATE TABLE ids AS SELECT {row_id} AS id, count(*) AS times FROM given GROUP BY 1")
    wrong = {
        "missing": "FROM locked ANTI JOIN ids USING (id)",
        "extra": "FROM ids ANTI JOIN locked USING (id)",
        "duplicate": "FROM ids WHERE times > 1",
    }
    found = {kind: given.all(f"SELECT count(*), min(id) {rows}")[0] for kind, rows in wrong.items()}
    if any(count for count, _ in found.values()):
        raise _misfit(given, locked, found)
    join = f"given JOIN locked ON {row_id} = locked.id ORDER BY locked.place"
    given.duck.execute(f"CREATE OR REPLACE TABLE given AS SELECT given.* FROM {join}")


def _misfit(given: Given, locked: LockedDataset, found: dict[str, tuple[int, str]]) -> Invalid:
    words = {"missing": "rows missing", "extra": "ids it doesn't have", "duplicate": "ids twice"}
    told = [
        f"{found[kind][0]:,} {what} (for example {found[kind][1]!r})" for kind, what in words.items() if found[kind][0]
    ]
    as_number = "try_cast(trim(ids.id) AS DOUBLE) = try_cast(trim(locked.id) AS DOUBLE)"
    alike = given.all(f"SELECT ids.id, locked.id FROM ids JOIN locked ON {as_number} AND ids.id <> locked.id LIMIT 1")
    remedy = "Make them from exactly the rows of …/inputs."
    if alike:
        remedy += f" Ids are compared as text, and {alike[0][0]!r} here is {alike[0][1]!r} there: read them as text."
    counts = {kind: int(count) for kind, (count, _) in found.items()}
    text = f"The predictions don't fit the {locked.rows:,} rows of {locked}: {', '.join(told)}."
    return Invalid("predictions_do_not_fit", text, remedy, **counts)


def _predictions(given: Given, task: str, classes: Sequence[str]) -> Floats:
    """The predictions as `Prediction` has them; the rows of `given` are in the order of the locked ones."""
    if task == Task.REGRESSION:
        numbers = _numbers(given, "prediction", "prediction")
        _check_finite(given, numbers)
        return numbers
    if task == Task.MULTICLASS and not _has_probabilities(given, classes):
        return _places(given, classes)
    if task == Task.MULTICLASS:
        return _adding_up(given, np.stack([_probabilities(given, label, "class") for label in classes], axis=1))
    return _probabilities(given, "score", "positive label")


def _probabilities(given: Given, column: str, whose: str) -> Floats:
    scores = _numbers(given, column, "score")
    # NaN compares false with everything, so it is caught by asking what is inside.
    outside = np.flatnonzero(~((scores >= 0) & (scores <= 1)))
    if len(outside):
        first = int(outside[0])
        raise Invalid(
            "bad_scores",
            f"Scores not between 0 and 1: {len(outside):,}, the first {scores[first]} for row {_id(given, first)!r}.",
            f"Hand in the probability of the {whose}.",
        )
    return scores


def _numbers(given: Given, column: str, what: str) -> Floats:
    text = given.text(column)
    number = f"try_cast(trim({text}) AS DOUBLE)"
    first = given.one(f"SELECT min(rowid) FROM given WHERE {number} IS NULL")
    if first is not None:
        value = given.one(f"SELECT {text} FROM given WHERE rowid = {first}")
        raise Invalid("bad_scores", f"The {what} of row {_id(given, first)!r} is not a number: {value[:40]!r}.")
    return np.asarray(given.duck.execute(f"SELECT {number} AS number FROM given ORDER BY rowid").fetchnumpy()["number"])


def _id(given: Given, row: int) -> str:
    return str(given.one(f"SELECT {given.text(ID)} FROM given WHERE rowid = {row}"))


def _check_finite(given: Given, numbers: Floats) -> None:
    broken = np.flatnonzero(~(np.abs(numbers) <= MOST_NUMBER))
    if len(broken):
        first = _id(given, int(broken[0]))
        text = f"Predictions that are no finite numbers: {len(broken):,}, the first for row {first!r}."
        raise Invalid("bad_scores", text, f"Hand in a number for every row, of a size up to {MOST_NUMBER:g}.")


def _places(given: Given, classes: Sequence[str]) -> Floats:
    text = given.text("prediction")
    place = f"list_position($classes, {text})"
    first = given.one(f"SELECT min(rowid) FROM given WHERE {place} IS NULL", classes=list(classes))
    if first is not None:
        label = given.one(f"SELECT {text} FROM given WHERE rowid = {first}")
        what = f"The prediction of row {_id(given, first)!r} is no class of the dataset: {label[:40]!r}."
        raise Invalid("unknown_class", what, f"Its classes are {', '.join(classes[:10])}.")
    query = f"SELECT CAST({place} - 1 AS DOUBLE) AS place FROM given ORDER BY rowid"
    return np.asarray(given.duck.execute(query, {"classes": list(classes)}).fetchnumpy()["place"])


def _adding_up(given: Given, scores: Floats) -> Floats:
    odd = np.flatnonzero(np.abs(scores.sum(axis=1) - 1) > ROUNDING_OF_SUMS)
    if len(odd):
        first = int(odd[0])
        raise Invalid(
            "bad_scores",
            f"Rows whose scores don't add up to 1: {len(odd):,}, the first is {_id(given, first)!r} with "
            f"{scores[first].sum():.6g}.",
            "Hand in the probability of each class.",
        )
    return scores
