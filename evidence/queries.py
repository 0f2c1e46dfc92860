"""Reads of evidence that both doors share."""

from django.db.models import Count, F, FloatField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Abs, Cast

from evidence.metrics import METRICS
from evidence.models import Evaluation, LockedDataset, MetricValue
from registry.models import Dataset, Model, Version
from registry.queries import dataset_versions_named


def locked_dataset_named(reference: str) -> LockedDataset | None:
    """The locked dataset written `name@number`; None when it isn't written so, isn't there or isn't locked."""
    return LockedDataset.objects.filter(dataset_version__in=dataset_versions_named(reference)).first()


def locked_versions(dataset: Dataset) -> QuerySet[LockedDataset]:
    """The locked versions of a dataset, newest first."""
    found = LockedDataset.objects.filter(dataset_version__dataset=dataset)
    return found.select_related("dataset_version__dataset").order_by("-dataset_version__number")


def newest_locked(dataset: Dataset) -> LockedDataset | None:
    """The newest locked version of a dataset; None when it has pointers only."""
    return locked_versions(dataset).first()


def datasets_of(model: Model) -> QuerySet[LockedDataset]:
    """The locked datasets that versions of the model were evaluated on, the one with the most versions first."""
    evaluated = Evaluation.objects.filter(version__model=model, dataset=OuterRef("pk")).order_by()
    counted = evaluated.values("dataset").annotate(n=Count("version", distinct=True)).values("n")
    datasets = LockedDataset.objects.annotate(evaluated_versions=Subquery(counted)).filter(evaluated_versions__gte=1)
    return datasets.select_related("dataset_version__dataset").order_by("-evaluated_versions", "-pk")


def overall_values(locked: LockedDataset) -> QuerySet[MetricValue]:
    """The figures over all rows of the dataset, of every version, the newest evaluation first."""
    values = MetricValue.objects.filter(evaluation__dataset=locked, column="")
    return values.order_by("-evaluation__made_at", "-pk")


def best_value(model: Model, locked: LockedDataset, metric: str, *, direction: str = "") -> MetricValue | None:
    """The best figure of the metric on the dataset, at a tie that of the newest version; None when nothing is measured.

    Only final versions that aren't deprecated count, each with its newest figure. `direction` is higher, lower or
    zero (the nearest to it), by default the metric's own. Raises KeyError for a metric that isn't in `METRICS`.
    """
    direction = direction or METRICS[metric].direction
    values = overall_values(locked).filter(metric=metric)
    newest = values.filter(evaluation__version=OuterRef("evaluation__version"))
    found = values.filter(
        pk=Subquery(newest.values("pk")[:1]),
        value__isnull=False,
        evaluation__version__model=model,
        evaluation__version__finalised_at__isnull=False,
        evaluation__version__deprecated_at__isnull=True,
    )
    by = {"higher": F("value").desc(), "lower": F("value").asc(), "zero": Cast(Abs("value"), FloatField()).asc()}
    versions = "evaluation__version__model", "evaluation__dataset__dataset_version__dataset"
    return found.select_related(*versions).order_by(by[direction], "-evaluation__version__number").first()


def newest_evaluations(version: Version) -> list[Evaluation]:
    """What the version was found to be on each locked dataset, overall, the newest of each; two queries."""
    overall = Prefetch("values", MetricValue.objects.filter(column=""))
    found = version.evaluations.select_related("version__model", "dataset__dataset_version__dataset")
    made = found.defer("curves", "fairness", "log").order_by("made_at", "pk").prefetch_related(overall)
    return list({evaluation.dataset_id: evaluation for evaluation in made}.values())
