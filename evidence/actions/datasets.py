from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.reasons import TooLarge
from audit.actions import record
from evidence import events
from evidence.columnar import quoted
from evidence.handed_in import Given, opened
from evidence.labels import Declaration
from evidence.locking import Checked, check, write
from evidence.models import ExposureEntry, LockedDataset
from evidence.scratch import scratch_folder
from registry.actions import add_dataset_version
from registry.models import Dataset, DatasetVersion
from registry.stores import Stored, store
from registry.stores.base import TooManyBytes
from registry.stores.s3_source import source_at
from registry.subjects import dataset_subject

CHUNK = 1024 * 1024
NO_LIMIT = 2**40


@dataclass(frozen=True)
class _Locking:
    """A file that was found right: what it holds, and the same rows as they will be read."""

    checked: Checked
    rows: int
    stored: Stored


def lock_dataset_from_s3(dataset: Dataset, address: str, declaration: Declaration, *, actor: User) -> LockedDataset:
    """The same of an object in S3, read once, outside any transaction. Raises also what `source_at` does."""
    with source_at(address, limit=settings.MAX_DATASET_BYTES) as source:
        return lock_dataset(dataset, source.chunks, declaration, actor=actor, location=source.location)


def lock_dataset(
    dataset: Dataset,
    chunks: Iterable[bytes],
    declaration: Declaration,
    *,
    actor: User,
    location: str = "Assaydesk's store",
) -> LockedDataset:
    """A new version of the dataset whose bytes, CSV or Parquet, are kept here, with its columns declared.

    Bytes are stored and checked before the transaction. Raises Invalid for a file or declaration that can't
    be right, TooLarge over the limit, Conflict when the same bytes are locked already; then nothing is noted.
    """
    try:
        given = store().keep(chunks, limit=settings.MAX_DATASET_BYTES)
    except TooManyBytes as error:
        raise TooLarge("too_large", f"The dataset is over {settings.MAX_DATASET_BYTES:,} bytes.") from error
    locking = _checked(given, declaration, thing=dataset.name)
    with transaction.atomic():
        version = add_dataset_version(
            dataset, kind=DatasetVersion.Kind.OBJECT, location=location, pin=given.sha256, actor=actor
        )
        locked = _noted(version, given, locking, declaration, actor=actor)
        after = {"digest": locked.digest, "rows": locked.rows, "task": locked.task, "target": locked.target}
        record(events.DATASET_LOCKED, dataset_subject(version), actor=actor, after=after)
    return locked


def _checked(given: Stored, declaration: Declaration, *, thing: str) -> _Locking:
    with scratch_folder() as folder:
        with store().as_file(given.sha256) as path, opened(path, thing=thing, folder=folder) as table:
            checked = check(table, declaration)
            write(table, declaration, checked, folder / "rows")
            rows = table.rows
        return _Locking(checked, rows, store().keep(_chunks(folder / "rows"), limit=NO_LIMIT))


def _noted(
    version: DatasetVersion, given: Stored, locking: _Locking, declaration: Declaration, *, actor: User
) -> LockedDataset:
    labels = locking.checked.labels
    return LockedDataset.objects.create(
        dataset_version=version,
        digest=given.sha256,
        size=given.size,
        rows_digest=locking.stored.sha256,
        rows=locking.rows,
        columns=[{"name": name, "type": kind} for name, kind in locking.checked.kinds.items()],
        id_column=declaration.id_column,
        task=declaration.task,
        target=declaration.target,
        positive_label=declaration.positive,
        positives=labels.positives,
        classes=list(labels.classes),
        segment_columns=list(declaration.segments),
        groups={name: list(groups) for name, groups in locking.checked.segments.items()},
        weight_column=declaration.weight,
        locked_by=actor,
    )


def hand_out_inputs(locked: LockedDataset, *, actor: User) -> Iterator[bytes]:
    """The ids and inputs as CSV, without target and weight, for predictions to be made elsewhere. Noted in the ledger.

    Values are as the file that was handed in has them. Raises BytesGone when it is no longer in the store.
    """
    inputs = _inputs_as_csv(locked)
    first = next(inputs)  # what can't be read isn't noted as handed out
    with transaction.atomic():
        ExposureEntry.objects.create(dataset=locked, what=ExposureEntry.What.INPUTS, who=actor.username)
        record(events.INPUTS_HANDED_OUT, dataset_subject(locked.dataset_version), actor=actor)
    return chain([first], inputs)


def _inputs_as_csv(locked: LockedDataset) -> Iterator[bytes]:
    with scratch_folder() as folder:
        with store().as_file(locked.digest) as path, opened(path, thing=str(locked), folder=folder) as table:
            _write_csv(table, [locked.id_column, *locked.input_columns], folder / "inputs.csv")
        yield from _chunks(folder / "inputs.csv")


def _write_csv(table: Given, names: list[str], path: Path) -> None:
    selected = ", ".join(f"{table.text(name)} AS {quoted(name)}" for name in names)
    target = str(path).replace("'", "''")
    table.duck.execute(f"COPY (SELECT {selected} FROM given ORDER BY rowid) TO '{target}' (FORMAT csv, HEADER)")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(partial(file.read, CHUNK), b"")
