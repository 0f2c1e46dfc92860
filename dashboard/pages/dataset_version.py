"""One version of a dataset: what it points at, what was declared of it, what rests on it, and who got to see of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min

from accounts.access import visible
from accounts.models import User
from approvals.defect_permissions import shown_defect
from approvals.impact import Impact, impact_of, policies_naming
from approvals.models import PolicyRevision
from approvals.permissions import why_not_edit_policies
from dashboard import figures
from evidence.exposure import Wear, wear
from evidence.models import ExposureEntry, LockedDataset
from evidence.permissions import why_not_lock
from evidence.queries import locked_versions
from registry.lineage import basis_of_dataset
from registry.models import DatasetVersion, Defect, Model

LEDGER_SHOWN = 25


@dataclass(frozen=True)
class LedgerRow:
    """What was released to whom, how often. `version` and `who` are empty where the reader can't see the model."""

    what: str
    who: User | str
    version: str
    model: str
    is_hidden: bool
    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Ledger:
    """A page of the exposure ledger, the latest release first; `releases` counts all of it."""

    rows: list[LedgerRow]
    releases: int
    older: int | None


@dataclass(frozen=True)
class OlderUse:
    """An older locked version that policies still name, as far as the reader sees them."""

    locked: str
    policies: list[PolicyRevision]


@dataclass(frozen=True)
class Succession:
    """How a locked version stands to the others of its dataset. `later` is the newest one after it, if there is one;
    `older_uses` are what policies name instead of it, told on the newest only."""

    later: LockedDataset | None
    older_uses: list[OlderUse]
    may_lock: bool
    may_rotate: bool


@dataclass(frozen=True)
class DatasetVersionPage:
    """What the page shows; `ledger`, `wear` and `succession` are of locked data."""

    data: DatasetVersion
    locked: LockedDataset | None
    facts: list[tuple[str, str]]
    impact: Impact
    defect: Defect | None
    ledger: Ledger | None
    wear: Wear
    succession: Succession | None


def dataset_version_page(data: DatasetVersion, user: User, *, ledger_before: int | None) -> DatasetVersionPage:
    """Everything the page shows; `ledger_before` is the key of the last line of the ledger already seen."""
    locked: LockedDataset | None = getattr(data, "locked", None)
    return DatasetVersionPage(
        data=data,
        locked=locked,
        facts=declared(locked) if locked else [],
        impact=impact_of(basis_of_dataset(data), actor=user),
        defect=shown_defect(basis_of_dataset(data), actor=user),
        ledger=_ledger(locked, user, ledger_before) if locked else None,
        wear=wear(locked) if locked else Wear(),
        succession=_succession(locked, user) if locked else None,
    )


def _succession(locked: LockedDataset, user: User) -> Succession:
    """In three queries however many versions and policies there are."""
    versions = list(locked_versions(locked.dataset_version.dataset))
    is_newest = versions[0] == locked
    older = [str(each) for each in versions if each != locked] if is_newest else []
    named = policies_naming(older, actor=user)
    return Succession(
        later=None if is_newest else versions[0],
        older_uses=[OlderUse(each, policies) for each, policies in named.items()],
        may_lock=why_not_lock(user) is None,
        may_rotate=why_not_edit_policies(user) is None,
    )


def declared(locked: LockedDataset) -> list[tuple[str, str]]:
    """What was declared of the locked bytes, in words."""
    facts = [
        ("Rows", f"{figures.number(locked.rows, 0)}, {figures.file_size(locked.size)}"),
        ("Id", locked.id_column),
        ("Task", locked.get_task_display()),
        ("Target", locked.target or "none: no labels, so versions are compared with each other only"),
    ]
    if locked.classes:
        facts.append(("Classes", ", ".join(locked.classes)))
    if locked.positives is not None:
        share = figures.figure(locked.positives / locked.rows, figures.SHARE)
        facts.append(("Positive label", f"{locked.positive_label}, {share} of the rows"))
    facts.append(("Segments", ", ".join(locked.segment_columns) or "none declared"))
    return [*facts, ("Weight", locked.weight_column or "none: all rows count alike")]


def _ledger(locked: LockedDataset, user: User, before: int | None) -> Ledger:
    entries = ExposureEntry.objects.filter(dataset=locked)
    lines = entries.values("what", "who", "version").annotate(
        times=Count("pk"), first=Min("at"), last=Max("at"), newest=Max("pk")
    )
    if before is not None:
        lines = lines.filter(newest__lt=before)
    found = list(lines.order_by("-newest")[: LEDGER_SHOWN + 1])
    page = found[:LEDGER_SHOWN]
    older = page[-1]["newest"] if len(found) > LEDGER_SHOWN else None
    return Ledger(_ledger_rows(page, user), entries.count(), older)


def _ledger_rows(page: Sequence[Mapping[str, Any]], user: User) -> list[LedgerRow]:
    people = {each.username: each for each in User.objects.filter(username__in=[line["who"] for line in page])}
    seen = _seen_models((model_in(line["version"]) for line in page), user)
    return [_ledger_row(line, people, seen) for line in page]


def _ledger_row(line: Mapping[str, Any], people: dict[str, User], seen: set[str]) -> LedgerRow:
    version, who = line["version"], line["who"]
    model = model_in(version)
    is_hidden = bool(model) and model not in seen
    return LedgerRow(
        what=ExposureEntry.What(line["what"]).label,
        who="" if is_hidden else people.get(who, who),
        version="" if is_hidden else version,
        model="" if is_hidden else model,
        is_hidden=is_hidden,
        times=line["times"],
        first=line["first"],
        last=line["last"],
    )


def model_in(version: str) -> str:
    """The model's name in a version's, as the ledger keeps it: names have no spaces in them."""
    return version.partition(" ")[0]


def _seen_models(names: Iterable[str], user: User) -> set[str]:
    models = visible(Model.objects.filter(name__in=set(names)), actor=user, model_path="pk")
    return set(models.values_list("name", flat=True))
