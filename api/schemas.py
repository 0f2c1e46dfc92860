"""What is sent and answered. Unknown keys are refused: a misspelt one must not pass in silence."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

#: What a person says: room for a thorough reason, as on the pages.
Words = Annotated[str, Field(max_length=10_000)]


class Sent(Schema):
    model_config = ConfigDict(extra="forbid")


class NewModel(Sent):
    name: str
    description: str = ""
    use_case: str = ""
    endpoint: str = ""
    risk_tier: Literal["low", "medium", "high"] = "medium"
    primary_metric: str = "auc"


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
    task: str = "binary"
    format: str = Field(max_length=32)
    features: list[str]
    signature: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    framework: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    decision_threshold: float = 0.5
    code: Code | None = None
    data: list[str | NamedPointer] = Field([], max_length=100)  # each is looked up in one transaction
    run_id: str = Field("", max_length=200)
    base_model: int | None = None
    tags: dict[str, Any] = {}
    on_behalf_of: str = ""


class NewDataset(Sent):
    name: str
    description: str = ""


class NewPromotion(Sent):
    to: Literal["Staging", "Production"]
    reason: Words = ""
    on_behalf_of: str = ""


class NewReview(Sent):
    verdict: Literal["approve", "request_changes", "reject"]
    seal: str
    comment: Words = ""
    slot: str = ""
    ticks: list[str] = []


class SealSeen(Sent):
    seal: str


class ReasonGiven(Sent):
    reason: Words


class AnswerGiven(Sent):
    answer: Words


class ModelAnswer(Schema):
    name: str
    description: str
    use_case: str
    endpoint: str
    risk_tier: str
    primary_metric: str
    owners: list[str]
    created_at: datetime
    url: str


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
    parameters: dict[str, Any]
    framework: dict[str, Any]
    environment: dict[str, Any]
    decision_threshold: float
    code: dict[str, str]
    data: list[DataAnswer]
    run_id: str
    base_model: int | None
    tags: dict[str, Any]
    registered_by: str
    on_behalf_of: str
    created_at: datetime
    finalised_at: datetime | None
    artifact: ArtifactAnswer
    card: CardAnswer | None
    url: str


class FinalisedAnswer(VersionAnswer):
    promotions: list[int]


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
    n: int


class EvaluationAnswer(Schema):
    evaluation: int
    provenance: str
    dataset: str
    metrics: list[MetricAnswer]


class DatasetVersionAnswer(Schema):
    dataset: str
    version: int
    kind: str
    location: str
    pin: str
    locked: bool
    rows: int | None = None
    digest: str | None = None
    target: str | None = None
    positive: str | None = None
    segments: list[str] | None = None
    columns: list[dict[str, str]] | None = None


class DatasetAnswer(Schema):
    name: str
    description: str
    versions: int


class ProgressAnswer(Schema):
    share: float
    word: str


class GateAnswer(Schema):
    key: str
    kind: str
    title: str
    outcome: str
    summary: str
    provenance: str
    run: int
    acknowledged_by: str
    progress: ProgressAnswer | None


class ItemAnswer(Schema):
    item: str
    text: str
    slot: str
    ticked_by: str
    at: datetime | None


class SlotAnswer(Schema):
    slot: str
    title: str
    role: str
    count: int
    filled_by: list[str]


class ReviewAnswer(Schema):
    reviewer: str
    verdict: str
    slot: str
    comment: str
    at: datetime
    standing: bool


class PromotionAnswer(Schema):
    id: int
    model: str
    version: int
    label: str
    from_stage: str
    to_stage: str
    state: str
    state_title: str
    reason: str
    requested_by: str
    on_behalf_of: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    closed_because: str
    baseline: int | None
    policy: dict[str, Any]
    gates: list[GateAnswer]
    checklist: list[ItemAnswer]
    slots: list[SlotAnswer]
    reviews: list[ReviewAnswer]
    seal: str
    url: str


class PromotionLine(Schema):
    """A promotion in a list; the whole of it is at its own address."""

    id: int
    model: str
    version: int
    label: str
    from_stage: str
    to_stage: str
    state: str
    requested_by: str
    opened_at: datetime
    due_at: datetime | None
    url: str


class Listing(Schema):
    items: list[Any]
    next_cursor: str | None


class ArmAnswer(Schema):
    version: int
    label: str
    weight: int
    since: datetime
    artifact: dict[str, Any]
    features: list[str]
    decision_threshold: float
    signature: dict[str, Any]


class ProductionAnswer(Schema):
    model: str
    arms: list[ArmAnswer]


class TermAnswer(Schema):
    version: int
    label: str
    since: datetime
    until: datetime | None
    because: str
    ended_because: str
