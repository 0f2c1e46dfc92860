"""The datasets by name, and one dataset with its versions."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Lower

from accounts.access import visible
from accounts.models import User
from evidence.exposure import Wear, wear_of
from evidence.models import ExposureEntry, LockedDataset
from evidence.permissions import why_not_lock
from registry.models import Dataset, DatasetVersion, Version

PAGE_SIZE = 25


@dataclass(frozen=True)
class Released:
    """How often something of locked data was released, and when last; never: 0 and None."""

    times: int = 0
    last: datetime | None = None


@dataclass(frozen=True)
class DatasetRow:
    """`wear` is that of the newest locked version, without one that of nothing."""

    dataset: Any
    released: Released
    wear: Wear


@dataclass(frozen=True)
class DatasetList:
    """One page of datasets; `next_after` is the name to go on from, empty on the last page."""

    rows: list[DatasetRow]
    next_after: str


@dataclass(frozen=True)
class DataRow:
    """A version of a dataset; `trained` and `evaluated` count the model versions the reader can see."""

    data: DatasetVersion
    locked: LockedDataset | None
    trained: int
    evaluated: int
    released: Released
    wear: Wear


@dataclass(frozen=True)
class DatasetPage:
    """One page of a dataset's versions, newest first; `older` is the number to go on from."""

    dataset: Dataset
    rows: list[DataRow]
    older: int | None
    may_lock: bool


def dataset_list(*, search: str = "", after: str = "") -> DatasetList:
    """One page of the datasets whose name or description contains `search`; five queries at most."""
    keyed: QuerySet[Any] = Dataset.objects.annotate(key=Lower("name"), locked=Count("versions__locked"))
    if search:
        keyed = keyed.filter(Q(name__icontains=search) | Q(description__icontains=search))
    if after:
        keyed = keyed.filter(key__gt=after.lower())
    found = list(keyed.order_by("key")[: PAGE_SIZE + 1])
    page = found[:PAGE_SIZE]
    released = _released("dataset__dataset_version__dataset", page)
    worn = _newest_wear(page)
    rows = [DatasetRow(each, released.get(each.pk, Released()), worn.get(each.pk, Wear())) for each in page]
    return DatasetList(rows, page[-1].name if len(found) > PAGE_SIZE else "")


def dataset_page(dataset: Dataset, user: User, *, before: int | None) -> DatasetPage:
    """A page of the dataset's versions before the one numbered `before`, in a fixed number of queries."""
    versions = dataset.versions.select_related("locked", "created_by", "dataset").order_by("-number")
    if before is not None:
        versions = versions.filter(number__lt=before)
    found = list(versions[: PAGE_SIZE + 1])
    page = found[:PAGE_SIZE]
    return DatasetPage(
        dataset=dataset,
        rows=_data_rows(page, user),
        older=page[-1].number if len(found) > PAGE_SIZE else None,
        may_lock=why_not_lock(user) is None,
    )


def _data_rows(page: list[DatasetVersion], user: User) -> list[DataRow]:
    seen = visible(Version.objects.all(), actor=user, model_path="model")
    trained = _counted(seen, "trained_on", page)
    evaluated = _counted(seen, "evaluations__dataset__dataset_version", page)
    released = _released("dataset__dataset_version", page)
    worn = wear_of([data.locked.pk for data in page if hasattr(data, "locked")])
    return [
        DataRow(
            data=data,
            locked=getattr(data, "locked", None),
            trained=trained[data.pk],
            evaluated=evaluated[data.pk],
            released=released.get(data.pk, Released()),
            wear=worn.get(data.locked.pk, Wear()) if hasattr(data, "locked") else Wear(),
        )
        for data in page
    ]


def _newest_wear(page: list[Any]) -> dict[int, Wear]:
    """By dataset how worn its newest locked version is. Three queries."""
    versions = LockedDataset.objects.filter(dataset_version__dataset__in=page).order_by("dataset_version__number")
    newest: dict[int, int] = dict(versions.values_list("dataset_version__dataset", "pk"))
    worn = wear_of(newest.values())
    return {dataset: worn[locked] for dataset, locked in newest.items()}


def _counted(versions: QuerySet[Version], path: str, page: list[DatasetVersion]) -> Counter[int]:
    counted = versions.filter(**{f"{path}__in": page}).order_by().values_list(path)
    return Counter(dict(counted.annotate(Count("pk", distinct=True))))


def _released(path: str, page: list[Any]) -> dict[int, Released]:
    """By the key of what `path` leads to from an entry of the ledger."""
    entries = ExposureEntry.objects.filter(**{f"{path}__in": page}).order_by().values_list(path)
    counted = entries.annotate(Count("pk"), Max("at"))
    return {key: Released(times, last) for key, times, last in counted}
