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


class GateProgress(TypedDict):
    share: float
    word: str


class Gate(TypedDict):
    key: str
    kind: str
    title: str
    outcome: str
    """pending (still running), passed, failed, inconclusive, error, or waiting for a report."""
    summary: str
    provenance: str
    run: int
    """First run, second run, …"""
    digest: str
    """Of outcome, parameters and evidence: it names the outcome that an exception is for."""
    acknowledged_by: str
    waiver: dict[str, Any] | None
    progress: GateProgress | None


class ChecklistItem(TypedDict):
    item: str
    text: str
    slot: str
    ticked_by: str
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
    slot: str
    comment: str
    at: str
    standing: bool


class PromotionLine(TypedDict):
    """A promotion in a list."""

    id: int
    model: str
    version: int
    label: str
    from_stage: str
    to_stage: str
    state: str
    requested_by: str
    opened_at: str
    due_at: str | None
    url: str


class Promotion(PromotionLine):
    """The whole of a promotion."""

    state_title: str
    reason: str
    on_behalf_of: str
    closed_at: str | None
    closed_because: str
    baseline: int | None
    """The live version's number that it was last compared with."""
    expires_at: str | None
    not_before: str | None
    held_by: list[str]
    """What keeps an approved promotion from going live yet."""
    defects: list[OpenDefect]
    """Reported bugs that hold it, or will once it is approved."""
    taken_over_by: list[str]
    policy: dict[str, Any]
    gates: list[Gate]
    checklist: list[ChecklistItem]
    slots: list[Slot]
    reviews: list[Review]
    seal: str


class Term(TypedDict):
    """A stay in Production; `until` is None for what is live now."""

    version: int
    label: str
    since: str
    until: str | None
    by: str
    because: str
    ended_how: str
    """moved_on, replaced, rolled_back, taken_down, archived; empty for what is live now."""
    ended_because: str


class AfterReview(TypedDict):
    """A look afterwards at what was done without asking first; `verdict` is empty until somebody decided."""

    id: int
    model: str
    cause: str
    subject: str
    reason: str
    actor: str
    promotion: int | None
    opened_at: str
    due_at: str
    verdict: str
    comment: str
    decided_by: str
    decided_at: str | None
    url: str


class Arm(TypedDict):
    version: int
    label: str
    weight: int
    since: str
    artifact: Artifact
    features: list[str]
    decision_threshold: float | None
    signature: dict[str, Any]
    task: str
    contract: dict[str, Any]


class Production(TypedDict):
    model: str
    arms: list[Arm]


class RolledBack(Production):
    """What is live after a rollback, and what is to be known of it."""

    warnings: list[str]


class PairedDifference(TypedDict):
    """Version − baseline, paired on the same rows, in raw units."""

    difference: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    verdict: str
    reason: str


class ComparedValue(TypedDict):
    version: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str
    """Why there is no value though it was measured, or empty."""
    standing: str
    """best, joint best, or empty."""
    difference: PairedDifference | None
    """None for the baseline, and where the two weren't compared yet."""


class ComparedMeasure(TypedDict):
    metric: str
    title: str
    direction: str
    unit: str
    values: list[ComparedValue]


class ComparedVersion(TypedDict):
    version: int
    label: str
    stage: str
    provenance: str
    why_not_compared: str
    url: str


class WorseSegment(TypedDict):
    """A group of rows for whom a version is surely worse than the baseline."""

    version: int
    metric: str
    column: str
    segment: str
    difference: float
    low: float
    high: float


class CameToNothing(TypedDict):
    """A comparison that was asked for and couldn't be made."""

    versions: list[int]
    why: str


class Comparison(TypedDict):
    model: str
    dataset: str
    rows: int
    baseline: int
    finding: str
    rule: str
    versions: list[ComparedVersion]
    measures: list[ComparedMeasure]
    worse_segments: list[WorseSegment]
    not_compared_yet: list[list[int]]
    waited_for: list[list[int]]
    """Those of them that a worker was asked for."""
    came_to_nothing: list[CameToNothing]
    url: str


class BuiltVersion(TypedDict):
    """A version that rests on something: it names the thing, is derived from one that does, or was evaluated on it."""

    model: str
    version: int
    label: str
    stage: str
    named: bool
    inherited: bool
    evaluated_on: bool
    url: str


class Impact(TypedDict):
    """What was built on something, what is live first; `defect` is the open bug in it."""

    kind: str
    thing: str
    models: list[str]
    versions: list[BuiltVersion]
    more_versions: bool
    hidden: int
    promotions: list[dict[str, Any]]
    more_promotions: bool
    policies: list[dict[str, Any]]
    defect: dict[str, Any] | None


class Best(TypedDict):
    """The version with the best figure of a metric over all rows of a locked dataset."""

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
