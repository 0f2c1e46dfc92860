from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.reasons import TooLarge
from audit.actions import record
from evidence import events
from evidence.labels import sorted_classes
from evidence.models import ExposureEntry, LockedDataset
from evidence.tables import Declaration, check_declaration, column_types, read_csv, write_csv
from registry.actions import add_dataset_version
from registry.models import Dataset, DatasetVersion, Task
from registry.stores import store
from registry.stores.base import TooManyBytes
from registry.stores.s3_source import source_at
from registry.subjects import dataset_subject


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
    """A new version of the dataset whose CSV bytes are kept here, with its columns declared.

    Bytes are stored and checked before the transaction. Raises Invalid for a file or declaration that can't
    be right, TooLarge over the limit, Conflict when the same bytes are locked already; then nothing is noted.
    """
    try:
        stored = store().keep(chunks, limit=settings.MAX_DATASET_BYTES)
    except TooManyBytes as error:
        raise TooLarge("too_large", f"The dataset is over {settings.MAX_DATASET_BYTES:,} bytes.") from error
    with store().open(stored.sha256) as stream:
        table = read_csv(stream, thing=dataset.name)
    check_declaration(table, declaration, thing=dataset.name)
    labels = table.columns[declaration.target]
    with transaction.atomic():
        version = add_dataset_version(
            dataset, kind=DatasetVersion.Kind.OBJECT, location=location, pin=stored.sha256, actor=actor
        )
        locked = LockedDataset.objects.create(
            dataset_version=version,
            digest=stored.sha256,
            size=stored.size,
            rows=table.rows,
            columns=column_types(table),
            id_column=declaration.id_column,
            task=declaration.task,
            target=declaration.target,
            positive_label=declaration.positive,
            positives=labels.count(declaration.positive) if declaration.task == Task.BINARY else None,
            classes=sorted_classes(labels) if declaration.task == Task.MULTICLASS else [],
            segment_columns=list(declaration.segments),
            locked_by=actor,
        )
        after = {"digest": locked.digest, "rows": locked.rows, "task": locked.task, "target": locked.target}
        record(events.DATASET_LOCKED, dataset_subject(version), actor=actor, after=after)
    return locked


def hand_out_inputs(locked: LockedDataset, *, actor: User) -> Iterator[bytes]:
    """The ids and inputs as CSV, without the target, for predictions to be made elsewhere. Noted in the ledger."""
    with store().open(locked.digest) as stream:
        table = read_csv(stream, thing=str(locked))
    with transaction.atomic():
        ExposureEntry.objects.create(dataset=locked, what=ExposureEntry.What.INPUTS, who=actor.username)
        record(events.INPUTS_HANDED_OUT, dataset_subject(locked.dataset_version), actor=actor)
    return write_csv({name: table.columns[name] for name in (locked.id_column, *locked.input_columns)})
