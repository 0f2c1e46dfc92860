"""What a promotion changes: the stored comparison of candidate and baseline on the policy's locked data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from approvals.gates.no_regression import RegressionParameters
from approvals.models import Outcome, Promotion
from approvals.policies import Document
from approvals.standing import Marks
from dashboard.forest import Axis, measure_axis, segment_axis
from evidence.actions.evaluate import EVALUATOR
from evidence.comparison import Comparison, Difference
from evidence.metrics import METRICS
from evidence.models import Comparison as StoredComparison
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


@dataclass(frozen=True)
class Piece:
    """A piece of the opening sentence: tone and icon of a verdict, and words."""

    tone: str
    icon: str
    words: str


@dataclass(frozen=True)
class Evidence:
    """Candidate and baseline on one locked dataset; anything may be missing, and `absence` says what and why."""

    dataset: str
    version: Version
    live: Version | None
    candidate: Evaluation | None
    baseline: Evaluation | None
    comparison: Comparison | None
    own_values: list[MetricValue]
    rules: list[RegressionParameters]
    absence: str

    @cached_property
    def measures(self) -> list[MeasureRow]:
        margins = {rule.metric: rule.margin for rule in self.rules if not rule.segment}
        compared = self.comparison.measures if self.comparison else []
        return [_measure_row(each, self, margins.get(each.metric)) for each in compared]

    @cached_property
    def axis(self) -> Axis:
        return measure_axis([(row.difference, row.margin) for row in self.measures])

    @cached_property
    def has_band(self) -> bool:
        return any(row.margin for row in self.measures)

    @cached_property
    def opening(self) -> list[Piece]:
        """How the measures came out: `Better on 2 of 4 measures`, `worse on 1: recall`."""
        came_out = [row.difference.verdict for row in self.measures]
        pieces = [_piece(verdict, came_out, self.measures) for verdict in _SAID if verdict in came_out]
        first = pieces[0]
        head, colon, names = first.words.partition(":")
        words = f"{head[:1].upper()}{head[1:]} of {len(came_out)} measures{colon}{names}"
        return [replace(first, words=words), *pieces[1:]]

    @cached_property
    def groups_said(self) -> Piece | None:
        """For whom it gets worse, in a sentence; None when the dataset declares no groups."""
        if self.worse_segments:
            names = [row.name for row in self.worse_segments]
            more = f" and {len(names) - 2} others" if len(names) > 2 else ""
            return Piece("fail", "i-down", f"Recall gets worse for {', '.join(names[:2])}{more}")
        if self.segments:
            return Piece("", "i-same", f"No measurable loss of recall in the {len(self.segments)} groups judged")
        return Piece("", "i-off", "No group has enough rows to be judged") if self._segments else None

    @cached_property
    def segments(self) -> list[SegmentRow]:
        """Those that were judged, the surest loss first."""
        judged = [each for each in self._segments if each.verdict != "too_small"]
        limits = {rule.segment: rule.margin for rule in self.rules if rule.segment}
        reach = segment_axis(judged, limit=max(limits.values(), default=0.0) or None)
        return [_segment_row(each, reach, limits.get(f"{each.column}={each.value}")) for each in judged]

    @property
    def _segments(self) -> list[Difference]:
        return self.comparison.segments if self.comparison else []

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
    def small_segments(self) -> list[SegmentRow]:
        axis = Axis(zero=0, scale=1)
        return [SegmentRow(each, segment_name(each), axis) for each in self._segments if each.verdict == "too_small"]

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


_SAID = {
    "better": ("pass", "i-up", "better on"),
    "same": ("", "i-same", "no measurable difference on"),
    "worse": ("fail", "i-down", "worse on"),
    "undefined": ("", "i-off", "not defined on"),
}


def _piece(verdict: str, came_out: Sequence[str], rows: Sequence[MeasureRow]) -> Piece:
    tone, icon, words = _SAID[verdict]
    words = f"{words} {came_out.count(verdict)}"
    if verdict == "worse":
        words += ": " + ", ".join(row.title for row in rows if row.difference.verdict == "worse")
    return Piece(tone, icon, words)


def segment_name(difference: Difference) -> str:
    """`Marital status: single`."""
    column = difference.column.replace("_", " ")
    return f"{column[:1].upper()}{column[1:]}: {difference.value}"


def _measure_row(difference: Difference, evidence: Evidence, margin: float | None) -> MeasureRow:
    metric = METRICS[difference.metric]
    hint = f"{metric.direction} is better"
    if metric.at_threshold and evidence.live is not None:
        own, lives = evidence.version.decision_threshold, evidence.live.decision_threshold
        hint = f"at threshold {own:g}" if own == lives else f"at thresholds {lives:g} and {own:g}"
    return MeasureRow(difference, metric.title, hint, margin)


def _segment_row(difference: Difference, reach: Axis, limit: float | None) -> SegmentRow:
    at = reach.zero - limit * reach.scale if limit else None
    return SegmentRow(difference, segment_name(difference), replace(reach, limit=at and round(at, 1)))


@dataclass(frozen=True)
class _Stored:
    """What the store holds of both versions: evaluations by version and dataset, comparisons by evaluations."""

    evaluations: dict[tuple[int, str], Evaluation]
    comparisons: dict[tuple[int, int], Comparison]
    own_values: dict[int, list[MetricValue]]

    def evaluation(self, version: Version | None, reference: str) -> Evaluation | None:
        return self.evaluations.get((version.pk, reference.casefold())) if version else None


def evidence_for(marks: Marks) -> list[Evidence]:
    """One for each locked dataset that the policy's gates name, those of comparing gates first. Three queries."""
    promotion = marks.promotion
    stored = _Stored(_evaluations(promotion), _comparisons(promotion), _own_values(promotion.version))
    return [_evidence(marks, reference, stored) for reference in _references(marks.document)]


def _evidence(marks: Marks, reference: str, stored: _Stored) -> Evidence:
    version, live = marks.promotion.version, marks.promotion.baseline
    candidate, baseline = stored.evaluation(version, reference), stored.evaluation(live, reference)
    compared = stored.comparisons.get((candidate.pk, baseline.pk)) if candidate and baseline else None
    rules = _regression_rules(marks.document)
    return Evidence(
        dataset=str(candidate.dataset) if candidate else reference,
        version=version,
        live=live,
        candidate=candidate,
        baseline=baseline,
        comparison=compared,
        own_values=stored.own_values.get(candidate.pk, []) if candidate else [],
        rules=[rule for rule in rules if rule.dataset.casefold() == reference.casefold()],
        absence="" if compared else _why_absent(marks, reference, candidate, baseline),
    )


def _why_absent(marks: Marks, reference: str, candidate: Evaluation | None, baseline: Evaluation | None) -> str:
    version, live = marks.promotion.version, marks.promotion.baseline
    if any(run.outcome == Outcome.PENDING for run in marks.runs):
        return "The gates are still measuring. What changes appears here when they are through."
    if candidate is None:
        return f"There is no evidence of {version} on {reference}; its gates say why."
    if live is None:
        return f"Nothing is live, so there is nothing to compare {version.name} with. These are its own figures."
    if baseline is None:
        return (
            f"{live} is live but has no evidence on {reference}, so nobody can say what changes. "
            f"These are {version.name}’s own figures."
        )
    return f"No gate of this policy compares {version.name} with {live.name}. These are its own figures."


def _references(document: Document) -> list[str]:
    """The datasets the gates name, each once, those of comparing gates first."""
    rules = sorted(document.gates, key=lambda rule: not rule.gate.compares)
    named = [rule.gate.dataset(rule.gate.read_parameters(rule.parameters)) for rule in rules]
    return list({reference.casefold(): reference for reference in reversed(named) if reference}.values())[::-1]


def _regression_rules(document: Document) -> list[RegressionParameters]:
    read = (rule.gate.read_parameters(rule.parameters) for rule in document.gates)
    return [parameters for parameters in read if isinstance(parameters, RegressionParameters)]


def _evaluations(promotion: Promotion) -> dict[tuple[int, str], Evaluation]:
    """Of both versions, by version and the dataset's name."""
    versions = [pk for pk in (promotion.version_id, promotion.baseline_id) if pk]
    found: Iterable[Evaluation] = Evaluation.objects.filter(version__in=versions, evaluator=EVALUATOR).select_related(
        "dataset__dataset_version__dataset"
    )
    return {(each.version_id, str(each.dataset).casefold()): each for each in found}


def _comparisons(promotion: Promotion) -> dict[tuple[int, int], Comparison]:
    found = StoredComparison.objects.filter(
        candidate__version=promotion.version_id, baseline__version=promotion.baseline_id
    )
    return {(each.candidate_id, each.baseline_id): Comparison.from_dict(each.result) for each in found}


def _own_values(version: Version) -> dict[int, list[MetricValue]]:
    """The version's overall figures, by evaluation, in the order in which metrics are listed everywhere."""
    found: dict[int, list[MetricValue]] = {}
    order = list(METRICS)
    values: Sequence[MetricValue] = MetricValue.objects.filter(evaluation__version=version, column="")
    for value in sorted(values, key=lambda value: order.index(value.metric)):
        found.setdefault(value.evaluation_id, []).append(value)
    return found
