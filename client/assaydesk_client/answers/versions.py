"""Models, versions and data."""

from typing import Any, NotRequired, TypedDict


class Model(TypedDict):
    name: str
    description: str
    use_case: str
    endpoint: str
    risk_tier: str
    primary_metric: str
    owners: list[str]
    created_at: str
    url: str


class ArtifactFile(TypedDict):
    path: str
    size: int
    sha256: str
    url: NotRequired[str]


class Artifact(TypedDict):
    digest: str
    size: NotRequired[int]
    files: list[ArtifactFile]


class CardRevision(TypedDict):
    revision: int
    digest: str
    sections_present: list[str]
    sections_missing: list[str]


class ReportedMetric(TypedDict):
    dataset: str
    metric: str
    value: float
    reported_by: str
    reported_at: str


class OpenDefect(TypedDict):
    """A reported bug that is open; `holds` says whether promotions are held by it."""

    id: int | None
    thing: str
    reason: str
    reported_by: str
    reported_at: str
    holds: bool
    url: str


class Version(TypedDict):
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
    """Of binary versions; None for others."""
    code: dict[str, str]
    data: list[dict[str, Any]]
    run_id: str
    base_model: int | str | None
    """A version of this model by its number, of another by name@number."""
    base_uri: str
    tags: dict[str, Any]
    registered_by: str
    on_behalf_of: str
    created_at: str
    finalised_at: str | None
    artifact: Artifact
    card: dict[str, Any] | None
    reported_metrics: list[ReportedMetric]
    """What a pipeline says it measured; no gate takes it."""
    defects: list[OpenDefect]
    """Reported bugs in what it rests on, and in data it was only measured on."""
    url: str
    promotions: NotRequired[list[int]]
    """Only in the answer to finalising: the promotions that the policy opened by itself."""


class Dataset(TypedDict):
    name: str
    description: str
    versions: int


class DatasetVersion(TypedDict):
    dataset: str
    version: int
    kind: str
    location: str
    pin: str
    locked: bool
    rows: int | None
    """This and what follows: of locked data only."""
    digest: str | None
    task: str | None
    target: str | None
    positive: str | None
    """Of a binary target."""
    classes: list[str] | None
    """Of a target with several classes."""
    segments: list[str] | None
    columns: list[dict[str, str]] | None


class MetricValue(TypedDict):
    metric: str
    column: str
    """The segment column; empty for all rows together."""
    segment: str
    value: float | None
    n: int
    reason: str
    """Why there is no value."""


class Evaluation(TypedDict):
    evaluation: int
    provenance: str
    dataset: str
    metrics: list[MetricValue]
