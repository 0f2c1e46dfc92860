"""The stored figures that a card asks for: what `{{ metric auc on loans@1 }}` stands for."""

from collections.abc import Collection
from dataclasses import dataclass

from evidence.groups import group_name
from evidence.metrics import METRICS, why_not_measured
from evidence.models import MetricValue
from registry.card_figures import FigureAsked
from registry.models import Version


@dataclass(frozen=True)
class CardFigure:
    """What is known of a figure: the stored value with its evaluation, or `why_none` in words."""

    asked: FigureAsked
    value: MetricValue | None
    why_none: str = ""

    @property
    def title(self) -> str:
        return METRICS[self.asked.metric].title if self.asked.metric in METRICS else self.asked.metric

    @property
    def of_what(self) -> str:
        """`loans@1`, or `loans@1 where region is north`."""
        asked = self.asked
        return f"{asked.dataset} where {asked.column} is {group_name(asked.segment)}" if asked.column else asked.dataset


def card_figures(version: Version, asked: Collection[FigureAsked]) -> dict[FigureAsked, CardFigure]:
    """The newest figure of the version for each one asked; one query however many, none for none."""
    stored = _stored(version, asked) if asked else {}
    return {each: _figure(each, stored.get(_key(each)), version) for each in asked}


def _stored(version: Version, asked: Collection[FigureAsked]) -> dict[tuple[str, ...], MetricValue]:
    values = MetricValue.objects.filter(
        evaluation__version=version,
        metric__in={each.metric for each in asked},
        column__in={each.column for each in asked},
        segment__in={each.segment for each in asked},
    )
    versions = "evaluation__version__model", "evaluation__dataset__dataset_version__dataset"
    found = values.select_related(*versions).defer("evaluation__curves", "evaluation__fairness", "evaluation__log")
    return {
        (each.metric, str(each.evaluation.dataset).casefold(), each.column, each.segment): each
        for each in found.order_by("evaluation__made_at", "pk")
    }


def _key(asked: FigureAsked) -> tuple[str, ...]:
    return asked.metric, asked.dataset.casefold(), asked.column, asked.segment


def _figure(asked: FigureAsked, value: MetricValue | None, version: Version) -> CardFigure:
    if asked.metric not in METRICS:
        return CardFigure(asked, None, f"there is no metric {asked.metric}")
    if why := why_not_measured(asked.metric, version.task):
        return CardFigure(asked, None, why)
    if value is None:
        return CardFigure(asked, None, "no evidence yet")
    if value.value is None:
        return CardFigure(asked, None, f"not defined: {value.reason}")
    return CardFigure(asked, value)
