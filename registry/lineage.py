"""What versions are built on, and what is built on it: through derived versions of derived versions, too."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, StrIndex

from accounts.access import visible
from accounts.models import User
from accounts.reasons import Invalid, NotFound
from registry.models import DatasetVersion, Defect, Version
from registry.pins import check_commit
from registry.queries import dataset_versions_named, versions_numbered

#: What may be asked about, as addresses and the API name it.
KINDS = ("dataset", "commit", "feature", "base")
MOST_LETTERS = 300

_DERIVED = """
WITH RECURSIVE built(id) AS (
    {seed} UNION SELECT child.id FROM registry_version child JOIN built ON child.base_model_id = built.id
) SELECT id FROM built
"""
#: Upwards, from each version to what it derives from: there are few of those, and of open defects, at any time.
_ON_DEFECTS = """
WITH RECURSIVE line(version_id, built_id) AS (
    SELECT id, id FROM registry_version WHERE id IN ({scope})
    UNION SELECT line.version_id, child.base_model_id FROM line JOIN registry_version child ON child.id = line.built_id
    WHERE child.base_model_id IS NOT NULL
)
SELECT DISTINCT line.version_id, defect.id FROM line
JOIN registry_version built ON built.id = line.built_id
JOIN registry_defect defect ON defect.cleared_at IS NULL AND (
    defect.base_id = built.id
    OR (defect.code_commit <> '' AND defect.code_commit = built.code_commit)
    OR defect.dataset_version_id IN (
        SELECT trained.datasetversion_id FROM registry_version_trained_on trained WHERE trained.version_id = built.id
    )
)
"""


@dataclass(frozen=True)
class Basis:
    """Something versions are built on. `text` names it as addresses do: name@number, a commit, a feature, a URI."""

    kind: str
    text: str
    dataset_version: DatasetVersion | None = None
    base: Version | None = None

    def __str__(self) -> str:
        if self.kind in {"dataset", "base"}:
            return str(self.base or self.text)
        return f"commit {self.text[:12]}" if self.kind == "commit" else f"feature {self.text}"

    @property
    def can_have_defect(self) -> bool:
        return self.kind == "commit" or self.dataset_version is not None or self.base is not None


def basis_of_dataset(data: DatasetVersion) -> Basis:
    return Basis("dataset", str(data), dataset_version=data)


def basis_of_base(version: Version) -> Basis:
    return Basis("base", f"{version.model.name}@{version.number}", base=version)


def basis_of_defect(defect: Defect) -> Basis:
    """What has the bug."""
    if defect.dataset_version is not None:
        return basis_of_dataset(defect.dataset_version)
    return basis_of_base(defect.base) if defect.base is not None else Basis("commit", defect.code_commit)


def basis_named(asked: Mapping[str, str], *, actor: User) -> Basis:
    """The one thing that is asked about by its kind. Raises Invalid for none, several or an unpinned commit, and
    NotFound for a dataset version that isn't there. A base that the actor can't see is like one nobody registered."""
    named = {kind: asked[kind].strip() for kind in KINDS if asked.get(kind, "").strip()}
    if len(named) != 1:
        raise Invalid("name_one", f"Name one thing, not {len(named)}.", f"Choose from {', '.join(KINDS)}.")
    kind, text = named.popitem()
    if len(text) > MOST_LETTERS or "\0" in text:
        raise Invalid("malformed", f"That names no {kind}.", f"It has {MOST_LETTERS} characters at most.")
    if kind == "dataset":
        return basis_of_dataset(_dataset_version(text))
    if kind == "base" and (base := base_named(text, actor=actor)) is not None:
        return basis_of_base(base)
    if kind == "commit":
        check_commit(text)
    return Basis(kind, text)


def _dataset_version(text: str) -> DatasetVersion:
    found = dataset_versions_named(text).select_related("locked").first()
    if found is None:
        raise NotFound("not_found", f"There is no dataset version {text!r}.", "Write it as name@number.")
    return found


def base_named(text: str, *, actor: User) -> Version | None:
    """The version written name@number, if there is one that the actor sees."""
    name, _, number = text.rpartition("@")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    return visible(versions_numbered(name, int(number)), actor=actor, model_path="model").first()


def directly_built_on(basis: Basis) -> QuerySet[Version]:
    """Versions that name it themselves, and a base version itself."""
    versions = Version.objects.all()
    if basis.kind == "dataset":
        trained = Version.trained_on.through.objects.filter(datasetversion=basis.dataset_version)
        return versions.filter(pk__in=trained.values("version"))
    if basis.kind == "commit":
        return versions.filter(code_commit=basis.text)
    if basis.kind == "feature":
        return _with_feature(basis.text)
    if basis.base is not None:
        return versions.filter(Q(pk=basis.base.pk) | Q(base_model=basis.base))
    return versions.filter(base_uri=basis.text)


def built_on(basis: Basis) -> Q:
    """Of versions: those that name it, and those derived from them over any number of steps."""
    return in_these_or_derived(directly_built_on(basis))


def in_these_or_derived(versions: QuerySet[Version]) -> Q:
    seed, values = _selecting(versions)
    return Q(pk__in=RawSQL(_DERIVED.format(seed=seed), values))


def _selecting(versions: QuerySet[Version]) -> tuple[str, tuple[Any, ...]]:
    """SQL for their keys, also where it is known beforehand that there are none; Django would raise then."""
    query = versions.order_by().values("pk").query
    sql, values = query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
    return sql, tuple(values)


def _with_feature(name: str) -> QuerySet[Version]:
    """Neither SQLite nor Django can ask whether a list in JSON holds a text. Within a text quotes are escaped, so the
    name in quotes after the list's bracket or a comma is an entry of it. PostgreSQL writes letters beyond ASCII as
    they are, SQLite keeps them escaped."""
    text = Cast("features", TextField())
    forms = {json.dumps(name), json.dumps(name, ensure_ascii=False)}
    places = [StrIndex(text, Value(before + form)) for form in forms for before in ("[", ", ")]
    return Version.objects.alias(places=reduce(add, places)).filter(places__gt=0)


def open_defects() -> QuerySet[Defect]:
    """Bugs that nobody has cleared, newest first, with what pages say of them."""
    related = ("dataset_version__dataset", "base__model", "reported_by", "cleared_by")
    return Defect.objects.filter(cleared_at=None).select_related(*related).order_by("-pk")


def open_defect_of(basis: Basis) -> Defect | None:
    """The open bug in this very thing; at most one is open."""
    if basis.dataset_version is not None:
        return open_defects().filter(dataset_version=basis.dataset_version).first()
    if basis.base is not None:
        return open_defects().filter(base=basis.base).first()
    return open_defects().filter(kind="commit", code_commit=basis.text).first() if basis.kind == "commit" else None


def defects_of_version(version: Version) -> list[Defect]:
    return defects_of(Version.objects.filter(pk=version.pk)).get(version.pk, [])


def defects_of(versions: QuerySet[Version]) -> dict[int, list[Defect]]:
    """The open defects of what these versions are built on, by the version's key; only of those that have any.

    One query while nothing is open, two otherwise, however many versions there are.
    """
    found = {defect.pk: defect for defect in open_defects()}
    if not found:
        return {}
    scope, values = _selecting(versions)
    resting: defaultdict[int, list[Defect]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_ON_DEFECTS.format(scope=scope), values)
        for version_id, defect_id in sorted(cursor.fetchall(), reverse=True):
            if defect_id in found:  # one reported between the two queries is seen the next time
                resting[version_id].append(found[defect_id])
    return dict(resting)
