"""A model's versions as a table: measured on one dataset, sorted by any column, filtered by stage, paged by key."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from approvals.models import OPEN_STATES, Promotion
from dashboard.pages.version_order import STAGES, Asked, Choice, Column, asked_of, sorted_versions
from evidence.models import LockedDataset, MetricValue
from evidence.queries import overall_values
from registry.models import Model, Version

PAGE_SIZE = 25


@dataclass(frozen=True)
class Heading:
    """A column's heading: where a click leads, and how the table is sorted by it now ("" when it isn't)."""

    column: Column
    address: str
    sorted: str


@dataclass(frozen=True)
class Row:
    """A version with its figures in the order of the metric columns (None: not measured) and its open promotions."""

    version: Any
    values: list[MetricValue | None]
    promotions: list[Promotion]


@dataclass(frozen=True)
class VersionTable:
    choice: Choice
    headings: list[Heading]
    metrics: list[Column]
    orders: list[tuple[str, str]]
    stages: list[tuple[str, str]]
    datasets: list[LockedDataset]
    dataset: LockedDataset | None
    rows: list[Row]
    next: str
    first: str
    csv: str


def version_table(model: Model, choice: Choice) -> VersionTable:
    """One page of the table; the number of queries doesn't grow with the versions."""
    asked = asked_of(model, choice)
    found = list(sorted_versions(asked)[: PAGE_SIZE + 1])
    page, choice = found[:PAGE_SIZE], asked.choice
    return VersionTable(
        choice=choice,
        headings=[_heading(column, choice) for column in asked.columns],
        metrics=asked.metrics,
        orders=[order for column in asked.columns for order in column.directions()],
        stages=[(stage.value, stage.label) for stage in STAGES],
        datasets=asked.datasets,
        dataset=asked.dataset,
        rows=rows_of(page, asked),
        next=choice.query(after=page[-1].number) if len(found) > PAGE_SIZE else "",
        first=choice.query() if choice.after else "",
        csv=choice.query(),
    )


def _heading(column: Column, choice: Choice) -> Heading:
    key, minus = choice.sort.removeprefix("-"), choice.sort.startswith("-")
    if key != column.key:
        return Heading(column, choice.query(sort=column.first), "")
    turned = key if minus else f"-{key}"
    return Heading(column, choice.query(sort=turned), "descending" if minus else "ascending")


def rows_of(page: list[Any], asked: Asked) -> list[Row]:
    """The versions with their figures and open promotions, in two queries."""
    values = _values(page, asked.dataset)
    promotions = _open_promotions(page)
    metrics = [column.key for column in asked.metrics]
    return [
        Row(version, [values.get((version.pk, key)) for key in metrics], promotions[version.pk]) for version in page
    ]


def _values(page: Iterable[Version], dataset: LockedDataset | None) -> dict[tuple[int, str], MetricValue]:
    """By version and metric, from the newest evaluation that has it."""
    if dataset is None:
        return {}
    found = overall_values(dataset).filter(evaluation__version__in=page).select_related("evaluation")
    return {(value.evaluation.version_id, value.metric): value for value in reversed(found)}


def _open_promotions(page: Iterable[Version]) -> defaultdict[int, list[Promotion]]:
    found: defaultdict[int, list[Promotion]] = defaultdict(list)
    for promotion in Promotion.objects.filter(version__in=page, state__in=OPEN_STATES).order_by("pk"):
        found[promotion.version_id].append(promotion)
    return found
