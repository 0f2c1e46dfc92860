from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, Gate, Judged, Parameters, Side, meaning
from approvals.gates.misfits import why_no_column, why_not_labelled
from approvals.models.gates import Outcome
from evidence.fairness import LEAST_ROWS, MEASURES, RATES, Disparity, Fairness, GroupRates, Rate, judge_fairness
from evidence.groups import group_name
from evidence.metrics import BINARY, METRICS
from evidence.models import LockedDataset

NAMED = 3
#: Shares and their differences are worded as those of any metric that is a share.
SHARE = METRICS["recall"]


@dataclass(frozen=True)
class FairnessParameters(Parameters):
    """How far apart the groups of one segment column may be by one measure."""

    dataset: str = field(metadata=DATASET)
    column: str = field(metadata=meaning("the segment column whose groups are set against each other"))
    measure: str = field(
        metadata=meaning(
            f"one of {', '.join(MEASURES)}; equal_opportunity is the difference of the true positive rates, "
            "equalised_odds the larger of the differences of true and false positive rates"
        )
    )
    at_most: float | None = field(
        default=None, metadata=meaning("for a difference: how far apart any two groups may be, 0.05 for 5 points")
    )
    at_least: float | None = field(
        default=None, metadata=meaning("for the ratio: the smallest of any two groups, 0.8 for four fifths")
    )

    @property
    def limit(self) -> float:
        """Whichever of the two is given."""
        given = self.at_least if self.at_most is None else self.at_most
        assert given is not None  # check_parameters: one of the two
        return given


class FairnessGate(Gate):
    kind = "fairness"
    title = "Groups treated alike"
    help = (
        "At the version's threshold, are the two groups that are farthest apart near enough to each other? Passed when "
        "the whole 95% interval of that largest distance keeps the limit, failed when none of it does, otherwise "
        f"inconclusive. Groups with fewer than {LEAST_ROWS} rows that count are named, not judged. Which measure fits, "
        "and how far apart is too far, is for the policy to say; several such gates may stand side by side."
    )
    parameters_class = FairnessParameters
    rests_on = frozenset({"evidence"})

    def check_parameters(self, parameters: FairnessParameters) -> None:
        if parameters.measure not in MEASURES:
            raise ValueError(f"unknown measure {parameters.measure!r}; known: {', '.join(MEASURES)}.")
        wanted, other = ("at_least", "at_most") if MEASURES[parameters.measure].is_ratio else ("at_most", "at_least")
        if getattr(parameters, wanted) is None or getattr(parameters, other) is not None:
            raise ValueError(f"{parameters.measure} has the limit {wanted}: give that, and no {other}.")
        if not 0 <= parameters.limit <= 1:
            raise ValueError(f"{wanted} is a share and must lie from 0 to 1, not {parameters.limit}.")

    def dataset(self, parameters: FairnessParameters) -> str:
        return parameters.dataset

    def why_not_on(self, locked: LockedDataset, parameters: FairnessParameters) -> str:
        if problem := why_not_labelled(locked):
            return problem
        if locked.task != BINARY:
            return f"fairness is measured of binary models, and {locked} is locked for {locked.task} models"
        return why_no_column(locked, parameters.column)

    def check(self, candidate: Side, baseline: Side | None, parameters: FairnessParameters) -> Judged:
        evaluation = candidate.evaluation
        if evaluation is None:
            return Judged(Outcome.ERROR, candidate.problem)
        known: dict[str, Any] = {
            "provenance": evaluation.provenance,
            "evidence": (evaluation.predictions_digest,),
        }
        if problem := self.why_not_on(evaluation.dataset, parameters):
            return Judged(Outcome.ERROR, f"{problem}.", **known)
        result = Fairness.from_dict(evaluation.fairness[parameters.column])
        outcome, summary, needed = _summed_up(result, parameters)
        details = {"rows": evaluation.rows, **_details(result, parameters), **needed}
        return Judged(outcome, summary, details, **known)


def _summed_up(result: Fairness, parameters: FairnessParameters) -> tuple[Outcome, str, dict[str, int]]:
    found, title = result.disparities[parameters.measure], MEASURES[parameters.measure].title
    judgement = judge_fairness(result, parameters.measure, parameters.limit)
    small = _named_small(result, parameters.measure)
    if found.value is None:
        return Outcome(judgement.outcome), f"{title} by {parameters.column}: {judgement.reason}{small}", {}
    farthest = f"{group_name(found.highest)} against {group_name(found.lowest)}"
    must = "" if judgement.outcome == "passed" else "must be "
    text = f"{title} by {parameters.column} {_value(found)}, {must}{_limit(parameters)}: {farthest}"
    if judgement.rows_needed is None:
        return Outcome(judgement.outcome), f"{text}{small}", {}
    rows = RATES[found.rate][1].removesuffix("s" if judgement.rows_needed == 1 else "")
    more = f"; needs about {judgement.rows_needed:,} more {rows} of these two"
    return Outcome(judgement.outcome), f"{text}{more}{small}", {"rows_needed": judgement.rows_needed}


def _value(found: Disparity) -> str:
    """`12.00 pts (4.10 pts to 19.80 pts)`, or of a ratio `0.71 (0.60 to 0.82)`."""
    low, high = found.low, found.high
    assert found.value is not None
    assert low is not None
    assert high is not None
    return f"{_figure(found.value, found.measure)} ({_figure(low, found.measure)} to {_figure(high, found.measure)})"


def _figure(value: float, measure: str) -> str:
    return f"{value:.3f}" if MEASURES[measure].is_ratio else SHARE.difference(value).lstrip("+")


def _limit(parameters: FairnessParameters) -> str:
    word = "at least" if MEASURES[parameters.measure].is_ratio else "at most"
    return f"{word} {_figure(parameters.limit, parameters.measure)}"


def _named_small(result: Fairness, measure: str) -> str:
    """`; too small to judge: asian, other and 2 more`, or nothing when there are none."""
    small = [group_name(each.group) for each in result.groups if _is_small(each, measure)]
    if not small:
        return ""
    more = f" and {len(small) - NAMED} more" if len(small) > NAMED else ""
    return f"; too small to judge: {', '.join(small[:NAMED])}{more}"


def _is_small(group: GroupRates, measure: str) -> bool:
    return any(group.rates[rate].low is None for rate in MEASURES[measure].rates)


def _details(result: Fairness, parameters: FairnessParameters) -> dict[str, Any]:
    found, measure = result.disparities[parameters.measure], MEASURES[parameters.measure]
    facts = [
        [group_name(group.group), "; ".join(_rate(group.rates[rate], rate) for rate in measure.rates)]
        for group in result.groups
    ]
    if found.value is not None:
        rate = RATES[found.rate][0].lower()
        pair = f"{group_name(found.highest)} has the highest {rate}, {group_name(found.lowest)} the lowest"
        facts += [["Farthest apart", f"{pair}, {found.n:,} {RATES[found.rate][1]} in both"], ["Method", found.method]]
    values = {"value": found.value, "low": found.low, "high": found.high}
    return {**values, "lowest": found.lowest, "highest": found.highest, "facts": facts}


def _rate(rate: Rate, key: str) -> str:
    """`Selection rate 61.00% (51.20% to 69.90%) of 100 rows`."""
    title, rows = RATES[key]
    if rate.value is None:
        return f"{title}: {rate.reason}"
    told = f"{title} {SHARE.figure(rate.value)}"
    if rate.low is None or rate.high is None:
        return f"{told}: too few to judge, {rate.reason}"
    return f"{told} ({SHARE.figure(rate.low)} to {SHARE.figure(rate.high)}) of {rate.n:,} {rows}"
