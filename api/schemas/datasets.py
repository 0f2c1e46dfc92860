"""Datasets, and what rests on them."""

from datetime import datetime
from typing import Any

from ninja import Schema

from api.schemas.promotions import PromotionLine
from api.schemas.shared import Sent, Words


class NewDataset(Sent):
    name: str
    description: str = ""


class DatasetVersionAnswer(Schema):
    dataset: str
    version: int
    kind: str
    location: str
    pin: str
    locked: bool
    rows: int | None = None
    digest: str | None = None
    task: str | None = None
    target: str | None = None
    positive: str | None = None
    classes: list[str] | None = None
    segments: list[str] | None = None
    weight: str | None = None
    columns: list[dict[str, str]] | None = None


class DatasetAnswer(Schema):
    name: str
    description: str
    versions: int


class RestingVersionAnswer(Schema):
    model: str
    version: int
    label: str
    stage: str
    inherited: bool
    evaluated_on: bool
    url: str


class TrainedVersionAnswer(RestingVersionAnswer):
    trained_on: bool


class BuiltVersionAnswer(RestingVersionAnswer):
    named: bool


class Impact(Schema):
    """What rests on something, as far as the caller sees it; `more_…` tells of further ones, `hidden` counts versions
    of models that the caller can't see."""

    models: list[str]
    more_versions: bool
    hidden: int
    promotions: list[PromotionLine]
    more_promotions: bool
    policies: list[dict[str, Any]]


class ImpactAnswer(Impact):
    """`inherited`: not trained on the data itself, but derived from a version that was."""

    dataset: str
    version: int
    versions: list[TrainedVersionAnswer]


class DefectAnswer(Schema):
    """A reported bug in what versions are built on."""

    id: int
    kind: str
    thing: str
    reason: str
    reported_by: str
    reported_at: datetime
    cleared_by: str
    cleared_at: datetime | None
    cleared_because: str
    url: str


class BasisImpactAnswer(Impact):
    """`named`: the version names the thing itself; `inherited`: it is derived from one that does."""

    kind: str
    thing: str
    versions: list[BuiltVersionAnswer]
    defect: DefectAnswer | None


class NewDefect(Sent):
    """Names one thing: a dataset version or base version as name@number, or a full commit id."""

    dataset: str = ""
    commit: str = ""
    base: str = ""
    reason: Words
