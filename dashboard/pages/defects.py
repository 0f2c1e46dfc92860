"""Reported bugs as pages show them: only as far as the reader may know what has the bug."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access import may
from accounts.models import User
from accounts.roles import VIEW
from approvals.defects import Marked, marked_of_owner, marked_versions, thing_beside
from registry.lineage import Basis, basis_of_defect
from registry.models import Defect, Model, Version

MARKED_SHOWN = 8


@dataclass(frozen=True)
class ShownDefect:
    """A bug as this reader may know it. `address` is the page of what rests on the thing, "" where it is hidden."""

    thing: str
    reason: str
    who: User
    at: datetime
    address: str


@dataclass(frozen=True)
class MarkedVersions:
    """As `approvals.defects.Marked`, for a reader."""

    rows: list[tuple[Version, list[ShownDefect]]]
    count: int
    live: int

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


def impact_address(basis: Basis) -> str:
    return f"{reverse('impact')}?{urlencode({basis.kind: basis.text})}"


def shown_defects(defects: Iterable[Defect], model: Model, reader: User) -> list[ShownDefect]:
    """The bugs as they are told beside a version of `model`."""
    return [_shown(each, model, reader) for each in defects]


def marked_of_model(model: Model, reader: User) -> MarkedVersions:
    return _marked(marked_versions(model.versions.all(), most=MARKED_SHOWN), reader)


def marked_for_owner(owner: User) -> MarkedVersions:
    """Of all models this person owns."""
    return _marked(marked_of_owner(owner, most=MARKED_SHOWN), owner)


def _marked(found: Marked, reader: User) -> MarkedVersions:
    rows = [(version, shown_defects(defects, version.model, reader)) for version, defects in found.rows]
    return MarkedVersions(rows, found.count, found.live)


def _shown(defect: Defect, model: Model, reader: User) -> ShownDefect:
    hidden = defect.base is not None and not may(reader, VIEW, defect.base.model)
    return ShownDefect(
        thing=thing_beside(defect, model) if hidden else defect.thing,
        reason=defect.reason,
        who=defect.reported_by,
        at=defect.reported_at,
        address="" if hidden else impact_address(basis_of_defect(defect)),
    )
