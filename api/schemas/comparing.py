"""Several versions side by side on one locked dataset."""

from typing import Literal

from ninja import Schema

from api.schemas.shared import Sent


class NewComparison(Sent):
    """Two to six versions by number; dataset and baseline go without saying as where they are compared."""

    versions: list[int]
    dataset: str = ""
    baseline: int | None = None


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
    """One version's figure. Without a value, `reason` says why it isn't defined; it is "" where nothing was measured.

    `difference` is null for the baseline and where the two weren't compared yet.
    """

    version: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str
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


class CameToNothing(Schema):
    """A comparison that was asked for and couldn't be made."""

    versions: list[int]
    why: str


class CompareAnswer(Schema):
    """`not_compared_yet` are the pairs without paired differences, later against earlier; of these `waited_for` are a
    worker's to make, and `came_to_nothing` it gave up."""

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
    came_to_nothing: list[CameToNothing]
    url: str
