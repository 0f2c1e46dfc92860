"""Several versions side by side on one locked dataset."""

from typing import Literal

from ninja import Schema


class DifferenceAnswer(Schema):
    """Version − baseline, paired on the same rows, in raw units; of a metric best at zero, of the distance from it."""

    difference: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    verdict: str
    reason: str


class ComparedValue(Schema):
    """One version's figure. `difference` is null for the baseline and where the two weren't compared yet."""

    version: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    standing: Literal["", "best", "joint best"]
    difference: DifferenceAnswer | None


class ComparedMeasure(Schema):
    metric: str
    title: str
    direction: str
    unit: str
    values: list[ComparedValue]


class ComparedVersion(Schema):
    """`why_not_compared` is "" when its figures stand beside the baseline's."""

    version: int
    label: str
    stage: str
    provenance: str
    why_not_compared: str
    url: str


class WorseSegment(Schema):
    """A group of rows for whom a version is surely worse than the baseline; their intervals hold together."""

    version: int
    metric: str
    column: str
    segment: str
    difference: float
    low: float
    high: float


class CompareAnswer(Schema):
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
    url: str
