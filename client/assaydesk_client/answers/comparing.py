"""Versions side by side."""

from typing import TypedDict


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
