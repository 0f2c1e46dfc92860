"""What is sent and answered. Unknown keys are refused: a misspelt one must not pass in silence."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

#: What a person says: room for a thorough reason, as on the pages.
Words = Annotated[str, Field(max_length=10_000)]


CONTRACT_KEYS = (
    "inputs (the one tensor's name, or the name of the input for each feature), output (name), positive_class (column "
    "of binary probabilities, 0 or 1), classes (of multiclass models: labels in the order of the output's columns)."
)


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
    not_before: AwareDatetime | None = None


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


class OutcomeSeen(Sent):
    """`digest` is the gate's, as it was read: another one means that it has a new result (409)."""

    digest: str
    reason: Words


class NewWaiver(OutcomeSeen):
    expires_at: AwareDatetime | None = None


class NewReport(Sent):
    """`artifact` is the digest of what was checked; it must be the version's when it is sent."""

    outcome: Literal["passed", "failed"]
    summary: Words
    url: str = ""
    artifact: str = ""


class Operation(Sent):
    """`expected_live` is the number of the version believed to be live: another one means something moved (409)."""

    reason: Words
    expected_live: int | None = None


class NewRollback(Operation):
    """`to` is the number of a version that was live before; without it, the previous one."""

    to: int | None = None


class AfterReviewVerdict(Sent):
    verdict: Literal["accepted", "follow_up"]
    comment: Words = ""


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
    contract: dict[str, Any]
    parameters: dict[str, Any]
    framework: dict[str, Any]
    environment: dict[str, Any]
    decision_threshold: float | None
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
    reason: str


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
    task: str | None = None
    target: str | None = None
    positive: str | None = None
    classes: list[str] | None = None
    segments: list[str] | None = None
    columns: list[dict[str, str]] | None = None


class BestAnswer(Schema):
    model: str
    metric: str
    direction: str
    dataset: str
    version: int
    label: str
    stage: str
    value: float
    n: int
    provenance: str
    evaluation: int
    url: str


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
    promotions: list["PromotionLine"]
    more_promotions: bool
    policies: list[dict[str, Any]]


class DatasetAnswer(Schema):
    name: str
    description: str
    versions: int


class ProgressAnswer(Schema):
    share: float
    word: str


class WaiverAnswer(Schema):
    by: str
    reason: str
    at: datetime
    expires_at: datetime | None


class GateAnswer(Schema):
    key: str
    kind: str
    title: str
    outcome: str
    summary: str
    provenance: str
    run: int
    digest: str
    acknowledged_by: str
    waiver: WaiverAnswer | None
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
    expires_at: datetime | None
    not_before: datetime | None
    held_by: list[str]
    taken_over_by: list[str]
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
    decision_threshold: float | None
    signature: dict[str, Any]
    task: str
    contract: dict[str, Any]


class ProductionAnswer(Schema):
    model: str
    arms: list[ArmAnswer]


class TermAnswer(Schema):
    version: int
    label: str
    since: datetime
    until: datetime | None
    by: str
    because: str
    ended_how: str
    ended_because: str


class AfterReviewAnswer(Schema):
    id: int
    model: str
    cause: str
    subject: str
    reason: str
    actor: str
    promotion: int | None
    opened_at: datetime
    due_at: datetime
    verdict: str
    comment: str
    decided_by: str
    decided_at: datetime | None
    url: str
