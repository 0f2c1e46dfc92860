"""Shapes of the server's answers, as type checkers see them. At run time they are plain dictionaries."""

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


class Version(TypedDict):
    model: str
    version: int
    label: str | None
    stage: str
    finalised: bool
    deprecated: bool
    description: str
    task: str
    format: str
    features: list[str]
    signature: dict[str, Any]
    parameters: dict[str, Any]
    framework: dict[str, str]
    environment: dict[str, Any]
    decision_threshold: float
    code: dict[str, str]
    data: list[dict[str, Any]]
    run_id: str | None
    base_model: int | None
    tags: dict[str, str]
    registered_by: str
    on_behalf_of: str | None
    created_at: str
    finalised_at: str | None
    artifact: Artifact
    card: dict[str, Any] | None
    url: str
    promotions: NotRequired[list[int]]
    """Only in the answer to finalising: the promotions that the policy opened by itself."""


class Dataset(TypedDict):
    name: str
    description: str


class DatasetVersion(TypedDict):
    dataset: str
    version: int
    locked: bool
    kind: NotRequired[str]
    location: NotRequired[str]
    pin: NotRequired[str]
    rows: NotRequired[int]
    digest: NotRequired[str]
    target: NotRequired[str]
    positive: NotRequired[str]
    segments: NotRequired[list[str]]
    columns: NotRequired[list[dict[str, str]]]


class MetricValue(TypedDict):
    metric: str
    value: float | None
    n: int


class Evaluation(TypedDict):
    evaluation: int
    provenance: str
    dataset: str
    metrics: list[MetricValue]


class GateProgress(TypedDict):
    share: float
    word: str


class Gate(TypedDict):
    key: str
    kind: str
    title: str
    outcome: str | None
    summary: str
    provenance: str | None
    progress: GateProgress | None


class ChecklistItem(TypedDict):
    item: str
    text: str
    slot: str | None
    ticked_by: str | None
    at: str | None


class Slot(TypedDict):
    slot: str
    title: str
    role: str
    count: int
    filled_by: list[str]


class Review(TypedDict):
    reviewer: str
    verdict: str
    slot: str | None
    comment: str
    at: str
    standing: bool


class Promotion(TypedDict):
    id: int
    model: str
    version: int
    label: str | None
    from_stage: str
    to_stage: str
    state: str
    state_title: str
    reason: str
    requested_by: str
    on_behalf_of: str | None
    opened_at: str
    due_at: str | None
    closed_at: str | None
    baseline: Any
    policy: dict[str, Any]
    gates: list[Gate]
    checklist: list[ChecklistItem]
    slots: list[Slot]
    reviews: list[Review]
    seal: str
    url: str


class Arm(TypedDict):
    version: int
    label: str | None
    weight: int
    since: str
    artifact: Artifact
    features: list[str]
    decision_threshold: float
    signature: dict[str, Any]


class Production(TypedDict):
    model: str
    arms: list[Arm]
