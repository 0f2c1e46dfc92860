"""Versions with their files, cards and evidence."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from api.schemas.shared import OpenDefectAnswer, Sent

CONTRACT_KEYS = (
    "inputs (the one tensor's name, or the name of the input for each feature), output (name), positive_class (column "
    "of binary probabilities, 0 or 1), classes (of multiclass models: labels in the order of the output's columns)."
)


class Code(Sent):
    repository: str = Field(max_length=300)
    commit: str


class Pointer(Sent):
    """A pinned pointer to data."""

    kind: str
    location: str = Field(max_length=500)
    pin: str = Field(max_length=128)


class NamedPointer(Pointer):
    name: str


class NewVersion(Sent):
    label: str = Field("", max_length=64)
    description: str = ""
    task: str = Field("binary", description="binary, multiclass or regression")
    format: str = Field(max_length=32)
    features: list[str]
    signature: dict[str, Any] = {}
    contract: dict[str, Any] = Field({}, description="How to feed it and read its answer: " + CONTRACT_KEYS)
    parameters: dict[str, Any] = {}
    framework: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    decision_threshold: float | None = Field(None, description="Of binary models, 0.5 unless said: yes from here on.")
    code: Code | None = None
    data: list[str | NamedPointer] = Field([], max_length=100)  # each is looked up in one transaction
    run_id: str = Field("", max_length=200)
    base_model: int | str | None = Field(None, description="A version of this model by its number, or name@number.")
    base_uri: str = Field("", max_length=300, description="A base that isn't registered here, pinned.")
    tags: dict[str, Any] = {}
    on_behalf_of: str = ""


class FileAnswer(Schema):
    path: str
    size: int
    sha256: str


class ArtifactAnswer(Schema):
    digest: str
    size: int
    files: list[FileAnswer]


class CardAnswer(Schema):
    revision: int
    digest: str
    reviewed: bool


class DataAnswer(Schema):
    name: str
    version: int
    kind: str
    location: str
    pin: str


class NewMetrics(Sent):
    dataset: str = Field(description="The dataset version they were measured on, locked or a pointer: name@number")
    metrics: dict[str, float] = Field(max_length=50, description="Values by metric; shares as 0.87")


class ReportedMetricAnswer(Schema):
    dataset: str
    metric: str
    value: float
    reported_by: str
    reported_at: datetime


class VersionAnswer(Schema):
    model: str
    version: int
    label: str
    stage: str
    finalised: bool
    deprecated: bool
    description: str
    task: str
    format: str
    features: list[str]
    signature: dict[str, Any]
    contract: dict[str, Any]
    parameters: dict[str, Any]
    framework: dict[str, Any]
    environment: dict[str, Any]
    decision_threshold: float | None
    code: dict[str, str]
    data: list[DataAnswer]
    run_id: str
    base_model: int | str | None
    base_uri: str
    tags: dict[str, Any]
    registered_by: str
    on_behalf_of: str
    created_at: datetime
    finalised_at: datetime | None
    artifact: ArtifactAnswer
    card: CardAnswer | None
    reported_metrics: list[ReportedMetricAnswer] = Field(description="What a pipeline says; no gate takes it.")
    defects: list[OpenDefectAnswer]
    url: str


class FinalisedAnswer(VersionAnswer):
    promotions: list[int]


class CardSeen(Sent):
    digest: str


class CardRevisionAnswer(Schema):
    revision: int
    digest: str
    sections_present: list[str]
    sections_missing: list[str]


class MetricAnswer(Schema):
    metric: str
    column: str
    segment: str
    value: float | None
    low: float | None
    high: float | None
    method: str
    n: int
    reason: str


class EvaluationAnswer(Schema):
    evaluation: int
    provenance: str
    dataset: str
    metrics: list[MetricAnswer]
