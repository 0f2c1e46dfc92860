"""What a promotion changes: the stored comparison of candidate and baseline on the policy's locked data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.urls import reverse

from approvals.gates.no_regression import RegressionParameters
from dashboard.figures import difference as difference_in_words
from dashboard.forest import Axis, measure_axis, segment_axis
from dashboard.pages.cases import Count, harmed_rows
from dashboard.pages.evidence_fairness import FairnessLine, fairness_lines
from dashboard.pages.evidence_harms import Harm, harms_said, other_harms
from dashboard.readable import group_in_words, rows_counted
from evidence.comparison import Comparison, Difference
from evidence.findings import finding
from evidence.metrics import METRICS, SEGMENT_METRICS, Metric
from evidence.models import Evaluation, MetricValue
from registry.models import Version

#: Segments shown at once; the others open below them.
SEGMENTS_SHOWN = 6


@dataclass(frozen=True)
class MeasureRow:
    """One measure: its difference, what direction or threshold it has, and the policy's margin for it."""

    difference: Difference
    title: str
    hint: str
    margin: float | None


@dataclass(frozen=True)
class SegmentRow:
    """One segment, and the axis it is drawn on: with the policy's limit where it has one for this segment."""

    difference: Difference
    name: str
    axis: Axis

    @property
    def said(self) -> str:
        """`region south by 9.33 pts`, within a sentence."""
        return Harm(self.difference).said


@dataclass(frozen=True)
class Piece:
    """A piece of the opening sentence: tone and icon of a verdict, and words."""

    tone: str
    icon: str
    words: str


@dataclass(frozen=True)
class Evidence:
    """Candidate and baseline on one locked dataset; anything may be missing, and `absence` says what and why.

    Groups are looked at by `group_metric`, else by the one their people would notice (`SEGMENT_METRICS`).
    """

    dataset: str
    version: Version
    live: Version | None
    candidate: Evaluation | None
    baseline: Evaluation | None
    comparison: Comparison | None
    own_values: list[MetricValue]
    rules: list[RegressionParameters]
    absence: str
    #: Whether a gate judges the candidate by it; others only time it, explain it or set it beside the live version.
    is_judged_by: bool = True
    group_metric: str = ""

    @cached_property
    def measures(self) -> list[MeasureRow]:
        margins = {rule.metric: rule.margin for rule in self.rules if not rule.segment}
        compared = self.comparison.measures if self.comparison else []
        return [_measure_row(each, self, margins.get(each.metric)) for each in compared]

    @cached_property
    def axis(self) -> Axis:
        return measure_axis([(row.difference, row.margin) for row in self.measures])

    @property
    def has_row_without_band(self) -> bool:
        return any(not row.margin for row in self.measures)

    @cached_property
    def has_band(self) -> bool:
        return any(row.margin for row in self.measures)

    @cached_property
    def opening(self) -> list[Piece]:
        """How the measures came out: `Better on 2 of 4 measures`, `worse on 1: recall`."""
        if self.comparison is None:
            return []
        found = finding(self.comparison)
        counts = {"better": found.better, "same": found.same, "worse": found.worse, "undefined": found.undefined}
        worse = [METRICS[harm.metric].title for harm in found.harms if not harm.column]
        pieces = [_piece(verdict, count, worse) for verdict, count in counts.items() if count]
        first = pieces[0]
        head, colon, names = first.words.partition(":")
        words = f"{head[:1].upper()}{head[1:]} of {found.measures} measures{colon}{names}"
        return [replace(first, words=words), *pieces[1:]]

    @property
    def harmed(self) -> Count | None:
        """The rows that get worse, and where they are shown."""
        if self.comparison is None or self.live is None or self.candidate is None:
            return None
        return harmed_rows(self.version, self.live, self.candidate.dataset, self.comparison.decisions)

    @cached_property
    def groups_said(self) -> list[Piece]:
        """For whom it gets worse, in sentences; none when the dataset declares no groups."""
        if not self._segments:
            return []
        said = [_loss(words) for words in (self._groups_lost, self._others_lost) if words]
        if not self.segments:
            return [*said, Piece("", "i-off", "No group has enough rows to be judged")]
        overall = self._lost_overall
        if overall is not None and not self.worse_segments:
            by = difference_in_words(overall.difference, self.segment_metric.unit)
            words = f"{self.segment_metric.title} is worse overall ({by}); in no single group is the loss measurable"
            return [*said, _loss(words)]
        if said:
            return said
        loss = _LOSSES[self.segment_metric.key]
        return [Piece("", "i-same", f"No measurable {loss} in the {len(self.segments)} groups judged")]

    @property
    def _groups_lost(self) -> str:
        """Of the measure that groups are compared by."""
        worse = self.worse_segments
        named = ", ".join(row.said for row in worse[:2])
        more = f" and {len(worse) - 2} more" if len(worse) > 2 else ""
        return f"{self.segment_metric.title} gets worse for {named}{more}" if worse else ""

    @property
    def _others_lost(self) -> str:
        return harms_said(self.other_harms) if self.other_harms else ""

    @property
    def _lost_overall(self) -> Difference | None:
        """The measure that groups are compared by, where it is worse over all rows."""
        compared = self.comparison.measures if self.comparison else []
        own = [each for each in compared if each.metric == self.segment_metric.key and each.verdict == "worse"]
        return own[0] if own else None

    @property
    def segment_metric(self) -> Metric:
        """What groups are compared by."""
        return METRICS[self.group_metric or SEGMENT_METRICS[self.version.task]]

    @cached_property
    def segments(self) -> list[SegmentRow]:
        """Those that were judged, the surest loss first."""
        judged = [each for each in self._segments if each.verdict != "too_small"]
        if not judged:
            return []
        limits = {rule.segment: rule.margin for rule in self.rules if rule.segment}
        most = max(limits.values(), default=0.0) or None
        reach = segment_axis(judged, limit=most, direction=self.segment_metric.direction)
        return [_segment_row(each, reach, limits.get(f"{each.column}={each.value}")) for each in judged]

    @property
    def _segments(self) -> list[Difference]:
        return self.comparison.segments_by(self.segment_metric.key) if self.comparison else []

    @property
    def rows_counted(self) -> str:
        """Which rows of a group its figure rests on."""
        return rows_counted(self.segment_metric.key)

    @property
    def first_segments(self) -> list[SegmentRow]:
        return self.segments[:SEGMENTS_SHOWN]

    @property
    def further_segments(self) -> list[SegmentRow]:
        return self.segments[SEGMENTS_SHOWN:]

    @property
    def worse_segments(self) -> list[SegmentRow]:
        return [row for row in self.segments if row.difference.verdict == "worse"]

    @property
    def lost_segments(self) -> list[SegmentRow]:
        """Those that get worse, and those the policy sets a limit for."""
        return [row for row in self.segments if row.difference.verdict == "worse" or row.axis.limit is not None]

    @property
    def kept_segments(self) -> list[SegmentRow]:
        """All the others."""
        return [row for row in self.segments if row not in self.lost_segments]

    @property
    def small_segments(self) -> list[SegmentRow]:
        axis = Axis(zero=0, scale=1)
        return [SegmentRow(each, segment_name(each), axis) for each in self._segments if each.verdict == "too_small"]

    @cached_property
    def other_harms(self) -> list[Harm]:
        """Other measures that get surely worse for some group, the surest first."""
        return other_harms(self.comparison) if self.comparison else []

    @property
    def first_harms(self) -> list[Harm]:
        return self.other_harms[:SEGMENTS_SHOWN]

    @property
    def further_harms(self) -> list[Harm]:
        return self.other_harms[SEGMENTS_SHOWN:]

    @property
    def loses_by_group(self) -> bool:
        """Whether any measure is surely worse in any group."""
        return bool(self.worse_segments or self.other_harms)

    @cached_property
    def fairness(self) -> list[FairnessLine]:
        """How alike both versions select the groups of each declared column."""
        return (
            fairness_lines(self.candidate.fairness, self.baseline.fairness if self.baseline else {})
            if self.candidate
            else []
        )

    @property
    def address(self) -> str:
        """Where all of it is shown; empty without an evaluation."""
        if self.candidate is None:
            return ""
        data = self.candidate.dataset.dataset_version
        page = reverse("evidence", args=[self.version.model.name, self.version.number, data.dataset.name, data.number])
        return f"{page}?against={self.live.number}" if self.live else page

    @property
    def weight_column(self) -> str:
        """The column that says how much each row counts; empty when they count alike."""
        return self.candidate.dataset.weight_column if self.candidate else ""

    @property
    def segment_limits(self) -> list[RegressionParameters]:
        return [rule for rule in self.rules if rule.segment and rule.margin]

    @property
    def own_figures(self) -> list[tuple[str, MetricValue]]:
        """The candidate's figures with their titles, for when there is nothing to compare them with."""
        return [(METRICS[value.metric].title, value) for value in self.own_values]

    @property
    def size_difference(self) -> int:
        return self.version.artifact_size - (self.live.artifact_size if self.live else 0)


_LOSSES = {"recall": "loss of recall", "accuracy": "loss of accuracy", "mae": "rise of MAE"}
_SAID = {
    "better": ("pass", "i-up", "better on"),
    "same": ("", "i-same", "no measurable difference on"),
    "worse": ("fail", "i-down", "worse on"),
    "undefined": ("", "i-off", "not defined on"),
}


def _piece(verdict: str, count: int, worse: Sequence[str]) -> Piece:
    tone, icon, words = _SAID[verdict]
    words = f"{words} {count}"
    return Piece(tone, icon, f"{words}: {', '.join(worse)}" if verdict == "worse" else words)


def _loss(words: str) -> Piece:
    return Piece("fail", "i-down", words)


def segment_name(difference: Difference) -> str:
    """`Marital status: single`."""
    return group_in_words(difference.column, difference.value)


def _measure_row(difference: Difference, evidence: Evidence, margin: float | None) -> MeasureRow:
    metric = METRICS[difference.metric]
    hint = _DIRECTIONS[metric.direction]
    own, lives = evidence.version.decision_threshold, evidence.live.decision_threshold if evidence.live else None
    if metric.at_threshold and own is not None and lives is not None:
        hint = f"at threshold {own:g}" if own == lives else f"at thresholds {lives:g} and {own:g}"
    return MeasureRow(difference, metric.title, hint, margin)


_DIRECTIONS = {
    "higher": "higher is better",
    "lower": "lower is better",
    "zero": "nearer zero is better; the difference is that of the distance",
}


def _segment_row(difference: Difference, reach: Axis, limit: float | None) -> SegmentRow:
    at = reach.zero - limit * reach.scale if limit else None
    return SegmentRow(difference, segment_name(difference), replace(reach, limit=at and round(at, 1)))
