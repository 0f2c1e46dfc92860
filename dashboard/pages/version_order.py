"""In which order a model's versions are listed, and where a page of them begins."""

from dataclasses import dataclass, replace
from typing import Any, get_args
from urllib.parse import urlencode

from django.db.models import Case, F, FloatField, IntegerField, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Abs, Cast

from approvals.models import OPEN_STATES, Promotion
from evidence.metrics import METRICS, Direction
from evidence.models import LockedDataset
from evidence.queries import datasets_of, overall_values
from registry.models import Model, Stage
from registry.queries import with_newest_card

#: Stages as the table sorts and offers them.
STAGES = (Stage.PRODUCTION, Stage.STAGING, Stage.NONE, Stage.ARCHIVED)
NEWEST_FIRST = "-number"


@dataclass(frozen=True)
class Choice:
    """What the reader asked of the table, as the address says it. What doesn't exist is as if not asked.

    `dataset` is written name@number; `sort` is a column's key, with a minus sign for downwards; `after` is the number
    of the last version seen. `metric` is drawn over all versions ("": the model's primary one), and `direction` says
    which of its figures is best: higher, lower, zero, or "" for the metric's own.
    """

    stage: str = ""
    dataset: str = ""
    sort: str = ""
    metric: str = ""
    direction: str = ""
    after: int | None = None

    def query(self, **changed: Any) -> str:
        """The address's query for this choice with some of it changed."""
        changed_choice = replace(self, **{"after": None, **changed})
        return "?" + urlencode({name: value for name, value in vars(changed_choice).items() if value})


@dataclass(frozen=True)
class Column:
    """A column that can be sorted by. `first` is the order its heading asks for first: the most wanted at the top."""

    key: str
    title: str
    first: str
    is_metric: bool = False

    def directions(self) -> list[tuple[str, str]]:
        """Both orders as the choice writes them, with their words."""
        up, down = (f"{self.title}, {words}" for words in _ORDERS.get(self.key, ("lowest first", "highest first")))
        both = [(self.key, up), (f"-{self.key}", down)]
        return both if self.first == self.key else both[::-1]


_ORDERS = {
    "number": ("oldest first", "newest first"),
    "stage": ("Production first", "Archived first"),
    "registered": ("oldest first", "newest first"),
    "card": ("reviewed first", "missing first"),
    "promotion": ("oldest first", "newest first"),
}
_BEFORE_METRICS = (Column("number", "Version", "-number"), Column("stage", "Stage", "stage"))
_AFTER_METRICS = (
    Column("card", "Model card", "card"),
    Column("promotion", "Open promotion", "promotion"),
    Column("registered", "Registered", "-registered"),
)


@dataclass(frozen=True)
class Asked:
    """A choice made whole: what isn't there has been replaced by what is shown instead."""

    model: Model
    choice: Choice
    datasets: list[LockedDataset]
    dataset: LockedDataset | None
    metrics: list[Column]

    @property
    def columns(self) -> list[Column]:
        return [*_BEFORE_METRICS, *self.metrics, *_AFTER_METRICS]


def asked_of(model: Model, choice: Choice) -> Asked:
    """The choice as it can be met: its dataset and its order are there, and so are the metrics of the dataset."""
    datasets = list(datasets_of(model))
    named = (each for each in datasets if str(each).casefold() == choice.dataset.casefold())
    dataset = next(named, datasets[0] if datasets else None)
    metrics = _metric_columns(model, dataset)
    known = {order for column in (*_BEFORE_METRICS, *metrics, *_AFTER_METRICS) for order, _ in column.directions()}
    whole = Choice(
        stage=choice.stage if choice.stage in STAGES else "",
        dataset=str(dataset or ""),  # named on the pages that follow, too: another may have the most versions by then
        sort=choice.sort if choice.sort in known else NEWEST_FIRST,
        metric=choice.metric if choice.metric in {column.key for column in metrics} else "",
        direction=choice.direction if choice.direction in get_args(Direction) else "",
        after=choice.after,
    )
    return Asked(model, whole, datasets, dataset, metrics)


def _metric_columns(model: Model, dataset: LockedDataset | None) -> list[Column]:
    """The model's primary metric, measured or not, then whatever else was measured on the dataset."""
    primary = model.primary_metric
    measured = set[str]()
    if dataset is not None:
        own = overall_values(dataset).filter(evaluation__version__model=model).order_by()
        measured = set(own.values_list("metric", flat=True).distinct())
    return [_metric_column(key) for key in (primary, *(key for key in METRICS if key in measured - {primary}))]


def _metric_column(key: str) -> Column:
    metric = METRICS.get(key)
    if metric is None:  # a model may name a metric that Assaydesk doesn't measure
        return Column(key, key, f"-{key}", is_metric=True)
    return Column(key, metric.title, f"-{key}" if metric.direction == "higher" else key, is_metric=True)


def sorted_versions(asked: Asked) -> QuerySet[Any]:
    """The versions after the last one seen. Those that have nothing in the column follow; at a tie newer come first."""
    choice = asked.choice
    key, downwards = choice.sort.removeprefix("-"), choice.sort.startswith("-")
    versions: QuerySet[Any] = with_newest_card(
        asked.model.versions.select_related("registered_by", "on_behalf_of", "integrity", "files_removal")
    )
    versions = versions.annotate(sorted_by=_sort_expression(key, asked.dataset))
    rest = versions.filter(stage=choice.stage) if choice.stage else versions
    if choice.after is not None:
        rest = _behind(rest, list(versions.filter(number=choice.after)), downwards=downwards)
    order = F("sorted_by").desc(nulls_last=True) if downwards else F("sorted_by").asc(nulls_last=True)
    return rest.order_by(order, "-number")


def _behind(rest: QuerySet[Any], last: list[Any], *, downwards: bool) -> QuerySet[Any]:
    """What follows the last version seen; all of it when there is none with that number."""
    if not last:
        return rest
    value, number = last[0].sorted_by, last[0].number
    if value is None:
        return rest.filter(sorted_by=None, number__lt=number)
    further = Q(sorted_by__lt=value) if downwards else Q(sorted_by__gt=value)
    return rest.filter(further | Q(sorted_by=value, number__lt=number) | Q(sorted_by=None))


def _sort_expression(key: str, dataset: LockedDataset | None) -> Any:
    fixed = {
        "number": F("number"),
        "registered": F("created_at"),
        "stage": _ranked(*(When(stage=stage, then=Value(rank)) for rank, stage in enumerate(STAGES))),
        "card": _ranked(When(card_reviewed_at__isnull=False, then=Value(0)), When(card_number__gte=1, then=Value(1))),
        "promotion": _oldest_open_promotion(),
    }
    return fixed[key] if key in fixed else _newest_value(key, dataset)


def _ranked(*cases: When) -> Case:
    return Case(*cases, default=Value(len(cases)), output_field=IntegerField())


def _oldest_open_promotion() -> Subquery:
    open_ones = Promotion.objects.filter(version=OuterRef("pk"), state__in=OPEN_STATES).order_by()
    return Subquery(open_ones.values("version").annotate(oldest=Min("pk")).values("oldest"))


def _newest_value(metric: str, dataset: LockedDataset | None) -> Any:
    if dataset is None:
        return Value(None, output_field=FloatField())
    newest = overall_values(dataset).filter(evaluation__version=OuterRef("pk"), metric=metric)
    value = Subquery(newest.values("value")[:1])
    near_zero = metric in METRICS and METRICS[metric].direction == "zero"
    return Cast(Abs(value), FloatField()) if near_zero else value
