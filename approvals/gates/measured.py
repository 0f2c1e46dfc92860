"""What the gates over time, memory and cost share: a ceiling, a ratio to what is live, and how it was measured."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from approvals.gates.base import Gate, Judged, Side
from approvals.gates.sizes import size_in_words
from approvals.models.gates import Outcome
from evidence.measuring import median_ratio
from evidence.models import Measurement, Provenance

MOST_BATCH_ROWS = 10_000
PERCENTILES = ("p50", "p95", "p99")
_ISOLATION = {"bubblewrap": "no network, read-only input (bubblewrap)", "limits": "time and memory limits only"}


@dataclass(frozen=True)
class Rule:
    """One figure of a measurement, what pages call it, and its limits: absolute, and against what is live.

    What is judged and told `in_words` is the measured figure times `per_unit`.
    """

    figure: str
    title: str
    at_most: float | None
    at_most_ratio: float | None
    in_words: Callable[[float], str]
    per_unit: float = 1.0


@dataclass(frozen=True)
class _Finding:
    outcome: Outcome
    text: str


def _joined(made: list[_Finding], *, ceiling: bool) -> str:
    """The findings after the value: the ceiling directly, what is said of the live version as a part of its own."""
    return f"{' ' if ceiling else '; '}{'; '.join(finding.text for finding in made)}"


class MeasuredGate(Gate):
    """A gate over one figure of a measurement that is made anew for each run."""

    #: The measurement isn't among them: a new one that comes to the same outcome must change no decision.
    rests_on: ClassVar[frozenset[str]] = frozenset({"artifact", "baseline"})

    @abstractmethod
    def rule(self, parameters: Any) -> Rule: ...

    def further_facts(self, own: Measurement, parameters: Any) -> list[list[str]]:
        """What else pages show beside the gate."""
        return []

    def check_parameters(self, parameters: Any) -> None:
        if not 1 <= parameters.batch_rows <= MOST_BATCH_ROWS:
            raise ValueError(f"batch_rows must be from 1 to {MOST_BATCH_ROWS:,}.")
        rule = self.rule(parameters)
        if rule.at_most is None and rule.at_most_ratio is None:
            raise ValueError("give a ceiling, at_most_ratio, or both.")
        if min(limit for limit in (rule.at_most, rule.at_most_ratio) if limit is not None) <= 0:
            raise ValueError("a limit must be above 0.")

    def dataset(self, parameters: Any) -> str:
        name: str = parameters.dataset
        return name

    def check(self, candidate: Side, baseline: Side | None, parameters: Any) -> Judged:
        own = candidate.measurement
        if own is None:
            return Judged(Outcome.ERROR, candidate.problem)
        rule = self.rule(parameters)
        value = float(getattr(own, rule.figure)) * rule.per_unit
        findings = [self._against_ceiling(value, rule), self._against_live(own, baseline, rule)]
        made = [finding for finding in findings if finding is not None]
        judged = [finding.outcome for finding in made]
        worst = next(each for each in (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED) if each in judged)
        versions = [candidate.version] + ([baseline.version] if baseline else [])
        facts = self.further_facts(own, parameters) + self._facts(own, baseline, rule)
        return Judged(
            worst,
            f"{rule.title} {rule.in_words(value)}{_joined(made, ceiling=rule.at_most is not None)}",
            {"value": value, "measurement": own.pk, "facts": facts},
            Provenance.EXECUTED,
            tuple(version.artifact_digest for version in versions),
        )

    def _against_ceiling(self, value: float, rule: Rule) -> _Finding | None:
        if rule.at_most is None:
            return None
        passed = value <= rule.at_most
        return _Finding(
            Outcome.PASSED if passed else Outcome.FAILED,
            f"{'≤' if passed else '>'} {rule.in_words(rule.at_most)}",
        )

    def _against_live(self, own: Measurement, baseline: Side | None, rule: Rule) -> _Finding | None:
        if rule.at_most_ratio is None:
            return None
        if baseline is None:
            return _Finding(Outcome.PASSED, "nothing is live to compare with")
        if baseline.measurement is None:
            text = f"{baseline.version} is live but can't be measured: {baseline.problem}"
            return _Finding(Outcome.INCONCLUSIVE, text)
        ratio = median_ratio(own.rounds, baseline.measurement.rounds, rule.figure)
        passed = ratio <= rule.at_most_ratio
        limit = f"{'≤' if passed else '>'} {rule.at_most_ratio:g}×"
        return _Finding(
            Outcome.PASSED if passed else Outcome.FAILED, f"{ratio:.2f}× that of {baseline.version} {limit}"
        )

    def _facts(self, own: Measurement, baseline: Side | None, rule: Rule) -> list[list[str]]:
        live = baseline.measurement if baseline else None
        calls = f"{own.n:,} timed calls of {own.batch_rows:,} row{'s' if own.batch_rows != 1 else ''}"
        turns = f", taking turns with {live.version}" if live else ""
        facts = [
            ["Measured", f"{calls} in {len(own.rounds)} rounds after a warm-up{turns}; medians over the rounds"],
            *([str(each.version), _figures(each)] for each in (own, live) if each is not None),
            ["Rounds", "; ".join(self._spread(each, rule) for each in (own, live) if each is not None)],
        ]
        return [*facts, ["Host", own.host], ["Isolated", _ISOLATION.get(own.isolation, own.isolation)]]

    def _spread(self, measurement: Measurement, rule: Rule) -> str:
        """How far the rounds lie apart: what stands for an interval, which a single timing doesn't have."""
        found = sorted(told[rule.figure] * rule.per_unit for told in measurement.rounds)
        return f"{measurement.version}: {rule.in_words(found[0])} to {rule.in_words(found[-1])}"


def milliseconds(value: float) -> str:
    """A time of at least 0 with three digits that count: `2.00 ms`, `43.1 ms`."""
    places = next(places for places, least in enumerate((100, 10, 1, 0)) if value >= least)
    return f"{value:,.{places}f} ms"


def _figures(measurement: Measurement) -> str:
    times = ", ".join(f"{name} {milliseconds(getattr(measurement, name))}" for name in PERCENTILES)
    idle = size_in_words(measurement.idle_bytes)
    return f"{times}; peak memory {size_in_words(measurement.peak_bytes)}, {idle} before the model was loaded"
