"""Reported bugs as pages show them: only as far as the reader may know what has the bug."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from approvals.defect_permissions import is_hidden_from
from approvals.defects import RestingOnDefects, resting_on_defects, resting_on_defects_of_owner
from registry.lineage import Basis, basis_of_defect
from registry.models import Defect, Model, Version

RESTING_SHOWN = 8


@dataclass(frozen=True)
class ShownDefect:
    """A bug as this reader may know it. `address` is the page of what rests on the thing; where that is hidden, the
    address and the reason are "" and nobody is named."""

    thing: str
    reason: str
    who: User | None
    at: datetime
    address: str


@dataclass(frozen=True)
class ShownResting:
    """As `approvals.defects.RestingOnDefects`, for a reader."""

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


def resting_of_model(model: Model, reader: User) -> ShownResting:
    return _resting(resting_on_defects(model.versions.all(), most=RESTING_SHOWN), reader)


def resting_for_owner(owner: User) -> ShownResting:
    """Of all models this person owns."""
    return _resting(resting_on_defects_of_owner(owner, most=RESTING_SHOWN), owner)


def _resting(found: RestingOnDefects, reader: User) -> ShownResting:
    rows = [(version, shown_defects(defects, version.model, reader)) for version, defects in found.rows]
    return ShownResting(rows, found.count, found.live)


def _shown(defect: Defect, model: Model, reader: User) -> ShownDefect:
    if is_hidden_from(defect, reader):
        return ShownDefect(defect.thing_beside(model), reason="", who=None, at=defect.reported_at, address="")
    address = impact_address(basis_of_defect(defect))
    return ShownDefect(defect.thing, defect.reason, defect.reported_by, defect.reported_at, address)
