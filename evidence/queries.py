"""Reads of evidence that both doors share."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Count, F, FloatField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Abs, Cast

from evidence.comparison import Comparison
from evidence.lineup import Entry, Lineup, why_not_comparable
from evidence.metrics import METRICS
from evidence.models import Comparison as StoredComparison
from evidence.models import Evaluation, LockedDataset, MetricValue, ReportedMetric
from registry.models import Dataset, Model, Version
from registry.queries import dataset_versions_named

#: What is large of an evaluation.
_LARGE = ("curves", "fairness", "log")


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
    """The locked datasets that versions of the model were judged on, the one with the most versions first.

    Unlabelled ones tell of none how good it is: they aren't among them.
    """
    evaluated = Evaluation.objects.filter(version__model=model, dataset=OuterRef("pk")).order_by()
    counted = evaluated.values("dataset").annotate(n=Count("version", distinct=True)).values("n")
    datasets = LockedDataset.objects.exclude(target="").annotate(evaluated_versions=Subquery(counted))
    datasets = datasets.filter(evaluated_versions__gte=1)
    return datasets.select_related("dataset_version__dataset").order_by("-evaluated_versions", "-pk")


def overall_values(locked: LockedDataset) -> QuerySet[MetricValue]:
    """The figures over all rows of the dataset, of every version, the newest evaluation first.

    With the evaluation, where that is selected too, but for its large parts: nobody draws so many.
    """
    values = MetricValue.objects.filter(evaluation__dataset=locked, column="")
    return values.defer(*(f"evaluation__{part}" for part in _LARGE)).order_by("-evaluation__made_at", "-pk")


def comparable_values(model: Model, locked: LockedDataset, metric: str) -> QuerySet[MetricValue]:
    """Each version's figure of the metric over all rows of the dataset, with its version, so far as figures can be
    held against each other: of the evaluator that measured the model there last, and nothing that was only reported.
    """
    measured = Evaluation.objects.filter(version__model=model, dataset=locked)
    newest = measured.order_by("-made_at", "-pk").values("evaluator")[:1]
    found = overall_values(locked).filter(
        metric=metric, evaluation__in=measured.order_by().filter(evaluator=Subquery(newest))
    )
    return found.select_related("evaluation__version__model", "evaluation__dataset__dataset_version__dataset")


def count_incomparable(model: Model, locked: LockedDataset, metric: str) -> int:
    """Of how many versions there is a figure of the metric, and none among `comparable_values`."""
    comparable = comparable_values(model, locked, metric).order_by().values("evaluation__version")
    others = overall_values(locked).filter(metric=metric, evaluation__version__model=model)
    return (
        others.exclude(evaluation__version__in=comparable).order_by().values("evaluation__version").distinct().count()
    )


def best_value(model: Model, locked: LockedDataset, metric: str, *, direction: str = "") -> MetricValue | None:
    """The highest, lowest or nearest to zero of `comparable_values`, at a tie that of the newest version; None when
    nothing is measured. It says nothing of whether others come near: that is what a line-up is for.

    Only final versions that aren't deprecated count. `direction` is higher, lower or zero (the nearest to it), by
    default the metric's own. Raises KeyError for a metric that isn't in `METRICS`.
    """
    direction = direction or METRICS[metric].direction
    found = comparable_values(model, locked, metric).filter(
        value__isnull=False,
        evaluation__version__finalised_at__isnull=False,
        evaluation__version__deprecated_at__isnull=True,
    )
    by = {"higher": F("value").desc(), "lower": F("value").asc(), "zero": Cast(Abs("value"), FloatField()).asc()}
    return found.order_by(by[direction], "-evaluation__version__number").first()


def newest_evaluations(version: Version) -> list[Evaluation]:
    """What the version was found to be on each locked dataset, overall, the newest of each; two queries."""
    overall = Prefetch("values", MetricValue.objects.filter(column=""))
    found = version.evaluations.select_related("version__model", "dataset__dataset_version__dataset")
    made = found.defer(*_LARGE).order_by("made_at", "pk").prefetch_related(overall)
    return list({evaluation.dataset_id: evaluation for evaluation in made}.values())


def reported_metrics(version: Version) -> QuerySet[ReportedMetric]:
    """What was reported of the version, by dataset version and in the order reported."""
    found = version.reported_metrics.select_related("dataset__dataset", "reported_by")
    return found.order_by("dataset__dataset__name", "dataset__number", "pk")


def lineup_of(
    model: Model, versions: Sequence[Version], locked: LockedDataset, baseline: Version, *, drawn: bool = False
) -> Lineup:
    """These versions of the model, the baseline among them, side by side on the dataset; five queries.

    `drawn` loads what only a page shows, too: curves, and in a sixth query the large part of the comparisons with the
    baseline.
    """
    ordered = [baseline, *sorted((each for each in versions if each != baseline), key=lambda each: each.number)]
    found = _evaluations_on(locked, ordered, drawn=drawn)
    values = _values_of(found.values())
    elsewhere = _measured_elsewhere(ordered, locked)
    reported = _reported_on(locked, [version for version in ordered if version.pk not in found])
    bare = [
        Entry(version, found.get(version.pk), values.get(version.pk, {}), reported=reported.get(version.pk, {}))
        for version in ordered
    ]
    entries = [
        replace(each, why_not=why_not_comparable(each, bare[0], locked, elsewhere.get(each.version.pk, [])))
        for each in bare
    ]
    return Lineup(model, locked, entries, _comparisons_among(entries, by_segment=drawn))


def _evaluations_on(locked: LockedDataset, ordered: Sequence[Version], *, drawn: bool) -> dict[int, Evaluation]:
    """By version, the newest one that the baseline's evaluator made; else the newest."""
    made = Evaluation.objects.filter(dataset=locked, version__in=ordered)
    made = made.defer(*(part for part in _LARGE if part != "curves" or not drawn))
    newest_last = list(made.order_by("made_at", "pk"))
    of_baseline = [each for each in newest_last if each.version_id == ordered[0].pk]
    wanted = of_baseline[-1].evaluator if of_baseline else ""
    versions = {version.pk: version for version in ordered}
    found: dict[int, Evaluation] = {}
    for each in sorted(newest_last, key=lambda each: each.evaluator == wanted):
        each.version, each.dataset = versions[each.version_id], locked
        found[each.version_id] = each
    return found


def _reported_on(locked: LockedDataset, versions: Sequence[Version]) -> dict[int, dict[str, float]]:
    """What was reported of versions on the dataset, by version and metric."""
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for each in ReportedMetric.objects.filter(version__in=versions, dataset=locked.dataset_version_id):
        found[each.version_id][each.metric] = each.value
    return found


def _values_of(evaluations: Iterable[Evaluation]) -> dict[int, dict[str, MetricValue]]:
    """Overall figures by version and metric."""
    versions = {each.pk: each.version_id for each in evaluations}
    found: defaultdict[int, dict[str, MetricValue]] = defaultdict(dict)
    for value in MetricValue.objects.filter(evaluation__in=versions, column=""):
        found[versions[value.evaluation_id]][value.metric] = value
    return found


def _measured_elsewhere(versions: Sequence[Version], locked: LockedDataset) -> dict[int, list[str]]:
    """By version the other datasets that it was measured on."""
    others = Evaluation.objects.filter(version__in=versions).exclude(dataset=locked).order_by("-made_at")
    name, number = "dataset__dataset_version__dataset__name", "dataset__dataset_version__number"
    found: defaultdict[int, list[str]] = defaultdict(list)
    for version, *told in others.values_list("version", name, number):
        reference = "{}@{}".format(*told)
        if reference not in found[version]:
            found[version].append(reference)
    return found


def _comparisons_among(entries: Sequence[Entry], *, by_segment: bool) -> dict[tuple[int, int], Comparison]:
    versions = {each.evaluation.pk: each.version.pk for each in entries if each.evaluation}
    stored = StoredComparison.objects.filter(candidate__in=versions, baseline__in=versions)
    parts = _large_parts(entries) if by_segment else {}
    return {
        (versions[each.candidate_id], versions[each.baseline_id]): Comparison.from_dict(
            each.result | parts.get(each.pk, {})
        )
        for each in stored.defer("by_segment")
    }


def _large_parts(entries: Sequence[Entry]) -> dict[int, dict[str, Any]]:
    """Of the comparisons with the baseline, whichever way round."""
    evaluations = [each.evaluation.pk for each in entries if each.evaluation]
    first = entries[0].evaluation
    with_baseline = Q(candidate=first) | Q(baseline=first) if first else Q(pk=None)
    stored = StoredComparison.objects.filter(with_baseline, candidate__in=evaluations, baseline__in=evaluations)
    return dict(stored.values_list("pk", "by_segment"))
