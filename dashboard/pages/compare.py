"""Two to six versions of a model side by side on one locked dataset, all of stored evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from accounts.reasons import Reason
from dashboard.charts.compared import compared_charts
from dashboard.charts.compared.series import Series, drawn_of
from dashboard.charts.drawing import Chart
from dashboard.pages.compare_choice import Asked, BestVersion, best_version
from dashboard.pages.compare_confusion import ConfusionDifference, confusion_differences
from dashboard.pages.compare_differs import Breaking, Differing, breaking_of, differing
from dashboard.pages.compare_segments import Groups, groups_of
from dashboard.pages.compare_speed import Speed, speed_of
from evidence.asked import jobs_asked
from evidence.comparison import Comparison
from evidence.differences import Difference
from evidence.lineup import RULE, Entry, Lineup, Standing, finding_of
from evidence.metrics import Metric
from evidence.models import LockedDataset, MetricValue
from evidence.permissions import why_not_ask_comparison
from registry.models import Model
from work.models import Job

TALLY_WIDTH = 400


@dataclass(frozen=True)
class Cell:
    """A version's figure of a measure: its standing among all, and its difference from the baseline's. `reported` is
    what its pipeline says, where nothing was measured."""

    entry: Entry
    value: MetricValue | None
    difference: Difference | None
    standing: Standing
    reported: float | None = None

    @property
    def word(self) -> str:
        """The verdict about zero, as it is read."""
        return _WORDS.get(self.difference.verdict, "") if self.difference else ""


_WORDS = {"better": "better", "same": "no measurable difference", "worse": "worse", "undefined": "not judged"}


@dataclass(frozen=True)
class MeasureRow:
    metric: Metric
    hint: str
    cells: list[Cell]


@dataclass(frozen=True)
class Tally:
    """What became of rows against the baseline. Bars are pixels of half the width, of the largest of all versions."""

    series: Series
    gained: int
    lost: int
    gained_bar: float
    lost_bar: float
    address: str

    @property
    def net(self) -> int:
        return self.gained - self.lost


@dataclass(frozen=True)
class Waiting:
    """Comparisons that were asked for: how far those are that still run, and why others came to nothing."""

    open: int
    share: float
    word: str
    failed: list[tuple[str, str]]


@dataclass(frozen=True)
class ComparePage:
    model: Model
    asked: Asked
    lineup: Lineup
    series: list[Series]
    datasets: list[LockedDataset]
    measures: list[MeasureRow]
    charts: list[Chart]
    confusions: list[ConfusionDifference]
    groups: Groups | None
    tallies: list[Tally]
    speed: Speed
    differing: list[Differing]
    breaking: list[Breaking]
    waiting: Waiting
    why_not_ask: Reason | None
    best: BestVersion | None

    @property
    def rule(self) -> str:
        """When a version is best, and when joint best."""
        return RULE

    @cached_property
    def finding(self) -> str:
        return finding_of(self.lineup)

    @property
    def not_compared(self) -> list[Entry]:
        return [entry for entry in self.lineup.entries if entry.why_not]

    @property
    def missing(self) -> int:
        """Comparisons that can be asked for and aren't waited for yet."""
        return max(len(self.lineup.missing_pairs) - self.waiting.open, 0)

    @property
    def address(self) -> str:
        """The stable link to this view."""
        return self.asked.address(self.model)

    @property
    def is_regression(self) -> bool:
        return self.lineup.baseline.version.task == "regression"


def compare_page(lineup: Lineup, user: User, *, asked: Asked, datasets: list[LockedDataset]) -> ComparePage:
    """The page; as many queries for six versions as for two."""
    drawn = drawn_of(lineup)
    series = [Series(place, entry) for place, entry in enumerate(lineup.entries, 1)]
    return ComparePage(
        model=lineup.model,
        asked=asked,
        lineup=lineup,
        series=series,
        datasets=datasets,
        measures=[_measure(lineup, metric) for metric in lineup.metrics],
        charts=compared_charts(lineup.baseline.version.task, drawn),
        confusions=confusion_differences(lineup, series),
        groups=groups_of(lineup, drawn, asked),
        tallies=_tallies(lineup, series),
        speed=speed_of(lineup, series),
        differing=differing(lineup, user),
        breaking=breaking_of(lineup),
        waiting=waiting_of(lineup),
        why_not_ask=why_not_ask_comparison(lineup.model, user),
        best=best_version(lineup.model, lineup.locked, lineup.model.primary_metric),
    )


def waiting_of(lineup: Lineup) -> Waiting:
    """How far the comparisons are that somebody asked for; one query."""
    jobs = jobs_asked(lineup.missing_pairs)
    running = [job for _, job in jobs if job.state in Job.OPEN]
    failed = [(pair, job) for pair, job in jobs if job.state == Job.State.FAILED]
    return Waiting(
        open=len(running),
        share=sum(job.progress for job in running) / len(running) if running else 0.0,
        word=_waiting_word(running),
        failed=[(f"{ahead.version.name} against {behind.version.name}", job.error) for (ahead, behind), job in failed],
    )


def _waiting_word(running: Sequence[Job]) -> str:
    busy = next((job.word for job in running if job.word), "")
    many = f"{len(running)} comparison{'s' if len(running) > 1 else ''} to go"
    return f"{busy}, {many}" if busy else many


def _measure(lineup: Lineup, metric: Metric) -> MeasureRow:
    standing = lineup.standings.get(metric.key, {})
    cells = [
        Cell(
            entry,
            entry.values.get(metric.key),
            None if entry is lineup.baseline else lineup.difference(entry, lineup.baseline, metric.key),
            standing.get(entry.version.pk, ""),
            entry.reported.get(metric.key),
        )
        for entry in lineup.entries
    ]
    return MeasureRow(metric, _hint(lineup, metric), cells)


_DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "zero": "nearer zero is better"}


def _hint(lineup: Lineup, metric: Metric) -> str:
    if metric.at_threshold and lineup.baseline.version.task == "binary":
        stated = [entry.version.decision_threshold for entry in lineup.entries]
        thresholds = dict.fromkeys(f"{each:g}" for each in stated if each is not None)
        at = f"threshold {next(iter(thresholds))}" if len(thresholds) == 1 else "each version’s own threshold"
        return f"higher is better, at {at}"
    return _DIRECTIONS[metric.direction]


def _tallies(lineup: Lineup, series: Sequence[Series]) -> list[Tally]:
    compared = [(each, lineup.comparison(each.entry, lineup.baseline)) for each in series[1:]]
    counts = [(each, *_moved(comparison)) for each, comparison in compared if comparison]
    most = max((max(gained, lost) for _, gained, lost in counts), default=0) or 1
    return [
        Tally(
            each,
            gained,
            lost,
            round(TALLY_WIDTH * gained / most, 1),
            round(TALLY_WIDTH * lost / most, 1),
            _rows_address(lineup, each.entry),
        )
        for each, gained, lost in counts
    ]


def _moved(comparison: Comparison) -> tuple[int, int]:
    counts = comparison.decisions
    return counts.get("fixed", counts.get("closer", 0)), counts.get("broken", counts.get("farther", 0))


def _rows_address(lineup: Lineup, entry: Entry) -> str:
    """The rows themselves, against the baseline."""
    versions = {"version": entry.version.number, "against": lineup.baseline.version.number}
    told = versions | {"dataset": str(lineup.locked)}
    return f"{reverse('cases', args=[lineup.model.name])}?{urlencode(told)}"
