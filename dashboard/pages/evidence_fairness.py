"""How alike a version treats the groups of each segment column, as it is stored with its evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.figures import SHARE, UNDEFINED, figure, number, span
from dashboard.readable import column_in_words
from evidence.fairness import MEASURES, RATES, Disparity, Fairness, FairnessMeasure, GroupRates, Rate


@dataclass(frozen=True)
class FairnessRow:
    """One measure: of which two groups, with its interval and what a reader may hold it against."""

    title: str
    value: str
    interval: str
    apart: str
    n: int
    remark: str


@dataclass(frozen=True)
class RateCell:
    value: str
    interval: str
    n: int


@dataclass(frozen=True)
class FairnessTable:
    """The measures of a column, and of each of its groups the rows and the rates; `rates` titles these."""

    column: str
    method: str
    measures: list[FairnessRow]
    rates: list[tuple[str, str]]
    groups: list[tuple[str, int, list[RateCell]]]

    @property
    def title(self) -> str:
        return column_in_words(self.column)


def fairness_tables(stored: Mapping[str, Mapping[str, Any]]) -> list[FairnessTable]:
    """One for each column, from `Evaluation.fairness`."""
    return [_table(Fairness.from_dict(found)) for found in stored.values()]


@dataclass(frozen=True)
class FairnessLine:
    """How alike a candidate selects the groups of a column, and what is live; `live` is None without a figure."""

    column: str
    candidate: FairnessRow
    live: FairnessRow | None


def fairness_lines(
    candidate: Mapping[str, Mapping[str, Any]], live: Mapping[str, Mapping[str, Any]]
) -> list[FairnessLine]:
    """One for each column of the candidate's `Evaluation.fairness`: the ratio of selection rates."""
    return [
        FairnessLine(column_in_words(column), _selection(found), _selection(live[column]) if column in live else None)
        for column, found in candidate.items()
    ]


def _selection(stored: Mapping[str, Any]) -> FairnessRow:
    key = "selection_rate_ratio"
    return _measure(MEASURES[key], Fairness.from_dict(stored).disparities[key])


def _table(found: Fairness) -> FairnessTable:
    disparities = found.disparities
    methods = {each.method for each in disparities.values() if each.method}
    return FairnessTable(
        column=found.column,
        method="; ".join(sorted(methods)),
        measures=[_measure(MEASURES[key], each) for key, each in disparities.items()],
        rates=list(RATES.values()),
        groups=[(each.group, each.n, _rates(each)) for each in found.groups],
    )


def _measure(measure: FairnessMeasure, found: Disparity) -> FairnessRow:
    rate = RATES[found.rate][0].lower() if found.rate else ""
    apart = f"{found.highest} above {found.lowest}, by {rate}" if found.lowest else ""
    return FairnessRow(
        title=measure.title,
        value=_distance(measure, found.value),
        interval=_ends(measure, found.low, found.high),
        apart=apart,
        n=found.n,
        remark=found.reason or ("1 is alike" if measure.is_ratio else "0 is alike"),
    )


def _distance(measure: FairnessMeasure, value: float | None) -> str:
    if value is None:
        return UNDEFINED
    return figure(value) if measure.is_ratio else f"{number(100 * value, 2)} pts"


def _ends(measure: FairnessMeasure, low: float | None, high: float | None) -> str:
    if measure.is_ratio or low is None or high is None:
        return span(low, high)
    return f"{number(100 * low, 2)} to {number(100 * high, 2)} pts"


def _rates(group: GroupRates) -> list[RateCell]:
    return [_rate(group.rates[key]) for key in RATES]


def _rate(rate: Rate) -> RateCell:
    return RateCell(figure(rate.value, SHARE), span(rate.low, rate.high, SHARE), rate.n)
