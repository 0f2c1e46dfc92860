from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from accounts.reasons import Conflict, Invalid
from audit.actions import record
from registry import events
from registry.models import Dataset, DatasetVersion
from registry.pins import check_pointer
from registry.subjects import dataset_subject


@transaction.atomic
def create_dataset(name: str, *, actor: User, description: str = "") -> Dataset:
    """A new, empty dataset. Raises Invalid for a bad name and Conflict for one that is taken."""
    dataset = Dataset(name=name, description=description, created_by=actor)
    try:
        dataset.clean_fields()
    except ValidationError as error:
        raise Invalid("bad_name", f"{name!r} can't name a dataset. {error.messages[0]}") from error
    try:
        with transaction.atomic():
            dataset.save()
    except IntegrityError as error:
        raise Conflict("name_taken", f"There is already a dataset named {name} (in whatever case).") from error
    subject = dataset_subject(DatasetVersion(pk=0, dataset=dataset, number=0))
    record(events.DATASET_CREATED, subject, actor=actor)
    return dataset


@transaction.atomic
def add_dataset_version(dataset: Dataset, *, kind: str, location: str, pin: str, actor: User) -> DatasetVersion:
    """The dataset's next version, a pinned pointer. Raises Invalid when it isn't pinned, Conflict when it exists."""
    check_pointer(kind, location, pin)
    # The UPDATE locks the row on both databases, so numbers come without gap or double.
    Dataset.objects.filter(pk=dataset.pk).update(versions_registered=F("versions_registered") + 1)
    dataset.refresh_from_db(fields=["versions_registered"])
    existing = DatasetVersion.objects.filter(dataset=dataset, kind=kind, location=location, pin=pin).first()
    if existing is not None:
        raise Conflict("pointer_exists", f"This pointer is already registered as {existing}.")
    version = DatasetVersion.objects.create(
        dataset=dataset, number=dataset.versions_registered, kind=kind, location=location, pin=pin, created_by=actor
    )
    after = {"kind": kind, "location": location, "pin": pin}
    record(events.DATASET_VERSION_ADDED, dataset_subject(version), actor=actor, after=after)
    return version


@transaction.atomic
def find_or_add_pointer(name: str, *, kind: str, location: str, pin: str, actor: User) -> DatasetVersion:
    """The version of dataset `name` that is this pointer, registered now if it is new."""
    check_pointer(kind, location, pin)
    dataset = _find_or_create(name, actor)
    pointers = DatasetVersion.objects.filter(dataset=dataset, kind=kind, location=location, pin=pin)
    if (found := pointers.first()) is not None:
        return found
    # Looked for again under the lock: of two who name it for the first time, the second finds what the first added.
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    return pointers.first() or add_dataset_version(dataset, kind=kind, location=location, pin=pin, actor=actor)


def _find_or_create(name: str, actor: User) -> Dataset:
    named = Dataset.objects.filter(name__iexact=name)
    if (found := named.first()) is not None:
        return found
    try:
        return create_dataset(name, actor=actor)
    except Conflict:
        return named.get()  # somebody else has just named it for the first time, too


@dataclass(frozen=True)
class NamedPointer:
    """A pinned pointer and the name of the dataset it is a version of."""

    name: str
    kind: str
    location: str
    pin: str


@transaction.atomic
def find_or_add_pointers(pointers: Iterable[NamedPointer], *, actor: User) -> list[DatasetVersion]:
    """The dataset versions that are these pointers, registered now where they are new.

    One after the other by the dataset's name, whatever order they come in: of two who name the same data at once,
    each would otherwise lock what the other wants next.
    """
    return [
        find_or_add_pointer(each.name, kind=each.kind, location=each.location, pin=each.pin, actor=actor)
        for each in sorted(pointers, key=lambda each: each.name.casefold())
    ]
