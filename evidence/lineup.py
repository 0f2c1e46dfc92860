"""Several versions side by side on one locked dataset: who is best at what, and what can't be compared, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Literal

from evidence.comparison import Comparison
from evidence.differences import Difference, up_is_better
from evidence.groups import group_name
from evidence.metrics import METRICS, Metric, metrics_of
from evidence.models import Evaluation, LockedDataset, MetricValue
from evidence.turning import turned, turned_difference
from registry.models import Model, Version

FEWEST_VERSIONS = 2
MOST_VERSIONS = 6

_MEASURES_NAMED = 3

Standing = Literal["", "best", "joint best"]
#: The rule, in words for whoever reads a standing.
RULE = (
    "Best: every other version is surely behind, by its paired difference or, where the two weren’t compared row by "
    "row, by own intervals that lie apart. Joint best: the paired interval of its difference from the best figure "
    "reaches zero. Where one of them may be either, nobody is ranked."
)


@dataclass(frozen=True)
class Entry:
    """One version: what is stored of it on the dataset, its overall figures by metric, and why it can't be
    compared with the others ("" when it can). `reported` is what its pipeline says, where nothing was measured."""

    version: Version
    evaluation: Evaluation | None = None
    values: Mapping[str, MetricValue] = field(default_factory=dict)
    why_not: str = ""
    reported: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_comparable(self) -> bool:
        return self.evaluation is not None and not self.why_not

    def value(self, metric: str) -> float | None:
        """Its figure over all rows; None when there is none."""
        found = self.values.get(metric)
        return found.value if found else None


@dataclass(frozen=True)
class Lineup:
    """The baseline first, then the others by number. `pairs` has the stored comparisons by candidate and baseline
    (keys of versions); each is read from either side."""

    model: Model
    locked: LockedDataset
    entries: Sequence[Entry]
    pairs: Mapping[tuple[int, int], Comparison]

    @property
    def baseline(self) -> Entry:
        return self.entries[0]

    @property
    def others(self) -> Sequence[Entry]:
        return self.entries[1:]

    @cached_property
    def metrics(self) -> list[Metric]:
        """Those of the baseline's task that any version has a figure of, if only a reported one."""
        known = {metric for entry in self.entries for metric in (*entry.values, *entry.reported)}
        return [metric for metric in metrics_of(self.baseline.version.task) if metric.key in known]

    def comparison(self, candidate: Entry, baseline: Entry) -> Comparison | None:
        """What is stored of the one against the other, turned round where it was made the other way."""
        pair = (candidate.version.pk, baseline.version.pk)
        if pair in self.pairs:
            return self.pairs[pair]
        if pair not in self._turned and pair[::-1] in self.pairs:
            self._turned[pair] = turned(self.pairs[pair[::-1]])
        return self._turned.get(pair)

    @cached_property
    def _turned(self) -> dict[tuple[int, int], Comparison]:
        """What was turned round already: each look at a thousand groups would do it anew."""
        return {}

    def difference(self, candidate: Entry, baseline: Entry, metric: str) -> Difference | None:
        """The metric's paired difference over all rows; None where the two weren't compared."""
        ahead = self._measures.get((candidate.version.pk, baseline.version.pk), {}).get(metric)
        if ahead is not None:
            return ahead
        behind = self._measures.get((baseline.version.pk, candidate.version.pk), {}).get(metric)
        return turned_difference(behind) if behind else None

    @cached_property
    def _measures(self) -> dict[tuple[int, int], dict[str, Difference]]:
        return {pair: {each.metric: each for each in stored.measures} for pair, stored in self.pairs.items()}

    @cached_property
    def missing_pairs(self) -> list[tuple[Evaluation, Evaluation]]:
        """Candidate and baseline of each comparison that could be made and wasn't, those with the baseline first."""
        able = [entry for entry in self.entries if entry.is_comparable]
        there = {frozenset(pair) for pair in self.pairs}
        return [
            (later.evaluation, earlier.evaluation)
            for earlier, later in combinations(able, 2)
            if later.evaluation and earlier.evaluation and {later.version.pk, earlier.version.pk} not in there
        ]

    @cached_property
    def standings(self) -> dict[str, dict[int, Standing]]:
        """By metric and version's key, who is best; see `RULE`. A metric that only one version has has no best."""
        return {metric.key: self._standing(metric) for metric in self.metrics}

    def _standing(self, metric: Metric) -> dict[int, Standing]:
        able = [entry for entry in self.entries if entry.is_comparable and entry.value(metric.key) is not None]
        if len(able) < FEWEST_VERSIONS:
            return {}
        best = max(able, key=lambda entry: _goodness_of(entry, metric))
        ties = {entry.version.pk: entry is best or self._is_tied(entry, best, metric) for entry in able}
        if None in ties.values():
            return {}
        tied = [entry for entry in able if ties[entry.version.pk]]
        standing: Standing = "joint best" if len(tied) > 1 else "best"
        return {entry.version.pk: standing for entry in tied}

    def _is_tied(self, entry: Entry, best: Entry, metric: Metric) -> bool | None:
        """None where that can't be told: own intervals that meet may belong to versions that surely differ."""
        if _goodness_of(entry, metric) == _goodness_of(best, metric):
            return True
        paired = self.difference(entry, best, metric.key)
        if paired is not None and paired.low is not None:
            return paired.verdict == "same"
        one, other = entry.values[metric.key], best.values[metric.key]
        return False if intervals_meet(one, other, near_zero=metric.direction == "zero") is False else None


def _goodness_of(entry: Entry, metric: Metric) -> float:
    return goodness(metric, entry.value(metric.key) or 0.0)


def goodness(metric: Metric, value: float) -> float:
    """The value turned so that more is better."""
    shown = abs(value) if metric.direction == "zero" else value
    return up_is_better(metric.key, shown, shown)[0]


def intervals_meet(one: MetricValue, other: MetricValue, *, near_zero: bool) -> bool | None:
    """Whether two figures' own intervals have a point in common; None where one has no interval.

    `near_zero` holds their distances from zero against each other: of metrics that are best there.
    """
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    first, second = (one.low, one.high), (other.low, other.high)
    if near_zero:
        first, second = _distances(*first), _distances(*second)
    return first[0] <= second[1] and second[0] <= first[1]


def _distances(low: float, high: float) -> tuple[float, float]:
    """The nearest and the farthest from zero of an interval."""
    ends = sorted((abs(low), abs(high)))
    return (0.0 if low <= 0 <= high else ends[0]), ends[1]


def count_best(lineup: Lineup) -> dict[int, dict[Standing, int]]:
    """By version's key, on how many measures it is best, and joint best."""
    counted: dict[int, dict[Standing, int]] = {
        entry.version.pk: {"best": 0, "joint best": 0} for entry in lineup.entries
    }
    for standing in lineup.standings.values():
        for version, words in standing.items():
            counted[version][words] += 1
    return counted


def finding_of(lineup: Lineup) -> str:
    """Who leads and who falls behind the baseline, in a few sentences.

    `1.2.0 is best on 3 of 9 measures (AUC, Log loss, F1); on 5 several are joint best; on 1 nobody can be ranked.
    1.3.0 is worse than 1.1.0 on AUC and Log loss. …`
    """
    ranked = sum(bool(standing) for standing in lineup.standings.values())
    if not ranked and not lineup.pairs:
        waits = lineup.missing_pairs
        said = "Who is best can’t be told before these versions are compared row by row."
        return said if waits else f"Nothing of these versions can be compared on {lineup.locked} yet."
    return " ".join(part for part in (_leaders(lineup, ranked), *_behind(lineup), *_losses(lineup)) if part)


def _leaders(lineup: Lineup, ranked: int) -> str:
    counted, of_all = count_best(lineup), len(lineup.metrics)
    if not ranked:
        before = " before all versions are compared row by row" if lineup.missing_pairs else ""
        return f"On no measure can a best version be named{before}."
    leaders = sorted(lineup.entries, key=lambda entry: -counted[entry.version.pk]["best"])
    ahead = [(entry, counted[entry.version.pk]["best"]) for entry in leaders if counted[entry.version.pk]["best"]]
    unranked = f"on {of_all - ranked} nobody can be ranked" if ranked < of_all else ""
    if not ahead:
        most = max(lineup.entries, key=lambda entry: counted[entry.version.pk]["joint best"])
        count = counted[most.version.pk]["joint best"]
        joint = f"{most.version.name} is joint best on {count}" if count else ""
        return f"{_listed([f'On none of {of_all} measures does one version stand out', joint, unranked])}."
    (first, count), *rest = ahead
    told = f"{first.version.name} is best on {count} of {of_all} measures{_named(lineup, first)}"
    told += "".join(f", {entry.version.name} on {count}" for entry, count in rest)
    tied = ranked - sum(count for _, count in ahead)
    return f"{_listed([told, f'on {tied} several are joint best' if tied else '', unranked])}."


def _listed(parts: Sequence[str]) -> str:
    return "; ".join(part for part in parts if part)


def _named(lineup: Lineup, entry: Entry) -> str:
    """The measures it leads, where they are few enough to be read."""
    led = [metric.title for metric in lineup.metrics if lineup.standings[metric.key].get(entry.version.pk) == "best"]
    return f" ({', '.join(led)})" if len(led) <= _MEASURES_NAMED else ""


def _behind(lineup: Lineup) -> list[str]:
    """On what each version is surely worse than the baseline over all rows."""
    return [_worse(lineup, entry) for entry in lineup.others]


def _worse(lineup: Lineup, entry: Entry) -> str:
    compared = [(metric, lineup.difference(entry, lineup.baseline, metric.key)) for metric in lineup.metrics]
    worse = [metric.title for metric, difference in compared if difference and difference.verdict == "worse"]
    if not worse:
        return ""
    named = ", ".join(worse[:_MEASURES_NAMED])
    on = named if len(worse) <= _MEASURES_NAMED else f"{len(worse)} measures, {named} among them"
    return f"{entry.version.name} is worse than {lineup.baseline.version.name} on {on}."


def _losses(lineup: Lineup) -> list[str]:
    """For whom it surely gets worse against the baseline, the surest of each version."""
    return [
        _loss(entry, compared) for entry in lineup.others if (compared := lineup.comparison(entry, lineup.baseline))
    ]


def _loss(entry: Entry, comparison: Comparison) -> str:
    harm = next((each for each in comparison.segments if each.verdict == "worse"), None)
    if harm is None or harm.difference is None:
        return ""
    metric = METRICS[harm.metric]
    told = f"{entry.version.name} loses for {harm.column.replace('_', ' ')} {group_name(harm.value)}"
    return f"{told}: {metric.title} {metric.difference(harm.difference)}."


def why_not_comparable(entry: Entry, baseline: Entry, locked: LockedDataset, elsewhere: Sequence[str]) -> str:
    """Why a version can't stand beside the baseline; "" when it can. `elsewhere`: what else it was measured on."""
    name = entry.version.name
    if entry.evaluation is None:
        if entry.reported:
            return f"What is known of {name} is its pipeline’s own report; nothing was measured here."
        if elsewhere:
            return f"{name} was measured on other data: {', '.join(elsewhere[:3])}."
        return f"{name} was never measured."
    if entry.version.task != baseline.version.task:
        return f"{name} is of another task than {baseline.version.name}."
    if baseline.evaluation is not None and entry.evaluation.evaluator != baseline.evaluation.evaluator:
        return (
            f"{name} was measured by evaluator {entry.evaluation.evaluator}, {baseline.version.name} by "
            f"{baseline.evaluation.evaluator}: the figures may differ for that alone."
        )
    return ""
