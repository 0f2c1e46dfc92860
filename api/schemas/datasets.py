"""Datasets, and what rests on them."""

from typing import Any

from ninja import Schema

from api.schemas.promotions import PromotionLine
from api.schemas.shared import Sent


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
    trained_on: bool
    evaluated_on: bool
    url: str


class ImpactAnswer(Schema):
    """What rests on a dataset version, as far as the caller sees it; `more_…` tells of further ones."""

    dataset: str
    version: int
    models: list[str]
    versions: list[RestingVersionAnswer]
    more_versions: bool
    promotions: list[PromotionLine]
    more_promotions: bool
    policies: list[dict[str, Any]]
