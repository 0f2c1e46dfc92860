"""Which versions are compared: what the address asks for, what is proposed, and the list to choose from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from dashboard.pages.version_order import STAGES
from dashboard.whole_numbers import whole_number
from evidence.comparables import comparable_datasets
from evidence.lineup import FEWEST_VERSIONS, MOST_VERSIONS
from evidence.metrics import METRICS, Direction, Metric
from evidence.models import LockedDataset, MetricValue
from evidence.queries import best_value, overall_values
from registry.models import Model, Stage, Version
from registry.queries import primary_version

PAGE_SIZE = 25
_MOST_ASKED = 50
_LARGEST = 10**9 - 1


@dataclass(frozen=True)
class Asked:
    """What the address says; what isn't there is as if not asked. Versions and baseline are numbers."""

    versions: tuple[int, ...] = ()
    dataset: str = ""
    baseline: int | None = None
    metric: str = ""
    column: str = ""
    find: str = ""
    after: int | None = None
    is_choosing: bool = False

    @property
    def can_be_compared(self) -> bool:
        return not self.is_choosing and FEWEST_VERSIONS <= len(self.versions) <= MOST_VERSIONS

    def address(self, model: Model, **changed: Any) -> str:
        """The stable address of this comparison with some of it changed: versions in order, each part named once."""
        whole = replace(self, **changed)
        parts = {
            "versions": ",".join(map(str, sorted(whole.versions))),
            "dataset": whole.dataset,
            "baseline": whole.baseline,
            "metric": whole.metric,
            "column": whole.column,
        }
        query = urlencode({name: value for name, value in parts.items() if value}, safe=",@")
        return f"{reverse('compare', args=[model.name])}?{query}"


def asked_of(query: QueryDict) -> Asked:
    """Versions come as `versions=4,5,6`, or one by one from a form."""
    numbers = [part for text in query.getlist("versions") for part in text.split(",")][:_MOST_ASKED]
    return Asked(
        versions=tuple(dict.fromkeys(number for text in numbers if (number := _number(text)) is not None)),
        dataset=query.get("dataset", ""),
        baseline=_number(query.get("baseline", "")),
        metric=query.get("metric", ""),
        column=query.get("column", ""),
        find=query.get("find", "").strip(),
        # The buttons that turn the list's pages say behind which version the page begins.
        after=after if (after := _number(query.get("choose", ""))) and after > 1 else None,
        is_choosing="choose" in query,
    )


def _number(text: str) -> int | None:
    return whole_number(text.strip(), largest=_LARGEST)


@dataclass(frozen=True)
class ChoiceRow:
    version: Version
    value: MetricValue | None
    is_chosen: bool


#: What the first is called that is ordered in a direction.
SUPERLATIVES: dict[Direction, str] = {"higher": "highest", "lower": "lowest", "zero": "nearest to zero"}


@dataclass(frozen=True)
class BestVersion:
    """Which version has the highest, lowest or nearest figure of a metric, whoever comes near; and where it was
    measured."""

    metric: Metric
    direction: Direction
    value: MetricValue
    locked: LockedDataset

    @property
    def version(self) -> Version:
        return self.value.evaluation.version

    @property
    def words(self) -> str:
        """What it is: `highest AUC`, `lowest Log loss`, `Mean signed error nearest to zero`."""
        superlative = SUPERLATIVES[self.direction]
        title = self.metric.title
        return f"{title} {superlative}" if self.direction == "zero" else f"{superlative} {title}"


@dataclass(frozen=True)
class ChoicePage:
    """The chosen first, ticked; then the others found, newest first, a page at a time."""

    model: Model
    asked: Asked
    datasets: list[LockedDataset]
    locked: LockedDataset | None
    metric: Metric | None
    chosen: list[ChoiceRow]
    others: list[ChoiceRow]
    next: int | None
    live: Version | None
    best: BestVersion | None

    @property
    def bounds(self) -> tuple[int, int]:
        return FEWEST_VERSIONS, MOST_VERSIONS

    @property
    def listed(self) -> list[Version]:
        """Every version that can be ticked here, any of which can be the baseline."""
        return [row.version for row in (*self.chosen, *self.others)]

    @property
    def problem(self) -> str:
        """Why what was asked for isn't compared; "" where nothing, or a choice, was asked for."""
        count = len(self.asked.versions)
        if self.asked.is_choosing or not count or self.asked.can_be_compared:
            return ""
        return f"{count} version{'s are' if count > 1 else ' is'} chosen; a comparison has 2 to {MOST_VERSIONS}."

    @cached_property
    def is_proposal(self) -> bool:
        return not self.asked.versions and bool(self.chosen)


def choice_page(model: Model, asked: Asked) -> ChoicePage:
    """The list to choose from; the number of queries doesn't grow with the versions."""
    datasets = comparable_datasets(model)
    locked = next((each for each in datasets if str(each) == asked.dataset), datasets[0] if datasets else None)
    live = primary_version(model)
    numbers = asked.versions or (() if asked.is_choosing else _proposed(model, locked, live))
    chosen = list(model.versions.filter(number__in=numbers).order_by("-number"))
    others = list(_others(model, asked, numbers)[: PAGE_SIZE + 1])
    metric = METRICS.get(model.primary_metric)
    values = _values([*chosen, *others], locked, metric)
    return ChoicePage(
        model=model,
        asked=asked,
        datasets=datasets,
        locked=locked,
        metric=metric,
        chosen=[ChoiceRow(version, values.get(version.pk), is_chosen=True) for version in chosen],
        others=[ChoiceRow(version, values.get(version.pk), is_chosen=False) for version in others[:PAGE_SIZE]],
        next=others[PAGE_SIZE - 1].number if len(others) > PAGE_SIZE else None,
        live=live,
        best=best_version(model, locked, model.primary_metric),
    )


def best_version(model: Model, locked: LockedDataset | None, metric: str, direction: str = "") -> BestVersion | None:
    """Whose figure of the metric comes first, in its own direction unless another is named; None when nothing was
    measured."""
    if locked is None or metric not in METRICS:
        return None
    known = METRICS[metric]
    wanted = next((each for each in SUPERLATIVES if each == direction), known.direction)
    found = best_value(model, locked, metric, direction=wanted)
    return BestVersion(known, wanted, found, locked) if found else None


def _proposed(model: Model, locked: LockedDataset | None, live: Version | None) -> tuple[int, ...]:
    """The newest candidates measured on the dataset, and what is live."""
    found = model.versions.filter(deprecated_at=None, evaluations__dataset=locked).exclude(stage=Stage.ARCHIVED)
    candidates = found.exclude(pk=live.pk) if live else found
    newest = candidates.order_by("-number").values_list("number", flat=True).distinct()
    return (*([live.number] if live else []), *newest[: 2 if live else 3])


def _others(model: Model, asked: Asked, chosen: Iterable[int]) -> Any:
    found = model.versions.exclude(number__in=chosen)
    if asked.find:
        by_number = Q(number=number) if (number := _number(asked.find.lstrip("v"))) is not None else Q()
        stages = [stage for stage in STAGES if stage.label.casefold() == asked.find.casefold()]
        found = found.filter(Q(label__icontains=asked.find) | by_number | Q(stage__in=stages))
    if asked.after is not None:
        found = found.filter(number__lt=asked.after)
    return found.order_by("-number")


def _values(versions: Iterable[Version], locked: LockedDataset | None, metric: Metric | None) -> dict[int, MetricValue]:
    """The newest figure of each version."""
    if locked is None or metric is None:
        return {}
    found = overall_values(locked).filter(evaluation__version__in=list(versions), metric=metric.key)
    return {value.evaluation.version_id: value for value in reversed(found.select_related("evaluation"))}
