"""Everything that is stored of one version on one locked dataset, for reading; nothing of it is computed here."""

from dataclasses import dataclass, replace
from functools import cached_property

from accounts.reasons import NotFound
from dashboard.charts import Chart, Side, Sides
from dashboard.charts.by_task import charts_of
from dashboard.charts.confusion import Confusion, confusion_tables
from dashboard.pages.evidence_agreement import AgreementView, agreement_view
from dashboard.pages.evidence_by_group import AllByGroup, ByGroup, all_by_group, by_group
from dashboard.pages.evidence_fairness import FairnessTable, fairness_tables
from dashboard.pages.evidence_importance import ImportanceTable, importance_tables
from dashboard.pages.promotion_evidence import Evidence
from evidence.actions.evaluate import EVALUATOR
from evidence.comparison import Comparison
from evidence.metrics import METRICS, SEGMENT_METRICS, Metric, metrics_of
from evidence.models import Comparison as StoredComparison
from evidence.models import Evaluation, LockedDataset, Measurement, MetricValue
from registry.models import Version

#: Asked for in place of a metric: every metric by group, without intervals.
ALL = "all"
OTHERS_OFFERED = 50
MEASUREMENTS_SHOWN = 5


@dataclass(frozen=True)
class Asked:
    """What the address asks for: groups by which metric, beside which other version of the model."""

    metric: str
    other: Version | None = None


@dataclass(frozen=True)
class EvidencePage:
    """One evaluation. `beside` is the other version's on the same dataset, `compared` what is stored of both."""

    version: Version
    locked: LockedDataset
    evaluation: Evaluation
    asked: Asked
    others: list[Version]
    measures: list[tuple[Metric, MetricValue]]
    beside: Evaluation | None
    figures_beside: dict[str, MetricValue]
    compared: Evidence | None
    is_compared_backwards: bool
    charts: list[Chart]
    confusions: list[Confusion]
    groups: list[ByGroup]
    all_groups: list[AllByGroup]
    fairness: list[FairnessTable]
    importances: list[ImportanceTable]
    agreement: AgreementView | None
    measurements: list[Measurement]

    @property
    def is_of_today(self) -> bool:
        """Whether it was measured as it would be today."""
        return self.evaluation.evaluator == EVALUATOR

    @property
    def metrics(self) -> list[Metric]:
        return metrics_of(self.version.task)

    @property
    def figures(self) -> list[tuple[Metric, MetricValue, MetricValue | None]]:
        """Each measure's figure, with that of the version beside it where that has one."""
        return [(metric, value, self.figures_beside.get(metric.key)) for metric, value in self.measures]

    @property
    def group_metric(self) -> Metric | None:
        """What groups are looked at by; None for every metric at once."""
        return METRICS.get(self.asked.metric)

    @cached_property
    def primary(self) -> tuple[Metric, MetricValue] | None:
        """The figure that the model is judged by, else the first one."""
        wanted = self.version.model.primary_metric
        return next((each for each in self.measures if each[0].key == wanted), next(iter(self.measures), None))

    @cached_property
    def compared_by_group(self) -> Evidence | None:
        """The stored comparison, its groups looked at by the metric asked for; None for all metrics at once."""
        if self.compared is None or self.asked.metric == ALL:
            return None
        return replace(self.compared, group_metric=self.asked.metric)

    @property
    def has_groups(self) -> bool:
        return bool(self.groups or self.all_groups)


def metric_asked(text: str, task: str) -> str:
    """A metric of the task, or `ALL`; the one that groups are compared by where nothing is asked. Raises NotFound."""
    if not text:
        return SEGMENT_METRICS[task]
    if text != ALL and text not in {metric.key for metric in metrics_of(task)}:
        raise NotFound("no_such_metric", f"Models of this task have no metric {text[:40]!r}.")
    return text


def evidence_of_version(version: Version, locked: LockedDataset) -> Evaluation | None:
    """The newest one; an earlier evaluator's stays readable until a gate measures again."""
    found = version.evaluations.filter(dataset=locked).select_related("made_by", "dataset__dataset_version__dataset")
    return found.order_by("-made_at", "-pk").first()


def evidence_page(evaluation: Evaluation, asked: Asked) -> EvidencePage:
    """The page; a fixed number of queries, however many groups, features and versions there are."""
    version, locked = evaluation.version, evaluation.dataset
    overall = _overall(evaluation)
    beside = evidence_of_version(asked.other, locked) if asked.other else None
    compared = _compared(evaluation, beside, asked, overall)
    sides = _sides(evaluation, beside, compared, overall)
    by_metric = [] if asked.metric == ALL else by_group(evaluation, METRICS[asked.metric], overall)
    every_metric = all_by_group(evaluation, metrics_of(version.task)) if asked.metric == ALL else []
    return EvidencePage(
        version=version,
        locked=locked,
        evaluation=evaluation,
        asked=asked,
        others=_others(version, locked),
        measures=[(METRICS[value.metric], value) for value in overall],
        beside=beside,
        figures_beside={value.metric: value for value in _overall(beside)} if beside else {},
        compared=compared,
        is_compared_backwards=_is_compared_backwards(evaluation, beside),
        charts=charts_of(version.task, sides),
        confusions=confusion_tables(sides, target=locked.target, positive=locked.positive_label),
        groups=by_metric,
        all_groups=every_metric,
        fairness=fairness_tables(evaluation.fairness),
        importances=importance_tables(evaluation),
        agreement=agreement_view(evaluation, beside),
        measurements=_measurements(version, locked),
    )


def _overall(evaluation: Evaluation) -> list[MetricValue]:
    order = list(METRICS)
    return sorted(evaluation.values.filter(column=""), key=lambda value: order.index(value.metric))


def _others(version: Version, locked: LockedDataset) -> list[Version]:
    """Versions of the model that were evaluated on the dataset too, the newest first."""
    found = Version.objects.filter(model=version.model_id, evaluations__dataset=locked).exclude(pk=version.pk)
    return list(found.distinct().only("number", "label", "model_id").order_by("-number")[:OTHERS_OFFERED])


def _measurements(version: Version, locked: LockedDataset) -> list[Measurement]:
    found = Measurement.objects.filter(version=version, dataset=locked).order_by("-made_at", "-pk")
    return list(found[:MEASUREMENTS_SHOWN])


def _compared(
    evaluation: Evaluation, beside: Evaluation | None, asked: Asked, overall: list[MetricValue]
) -> Evidence | None:
    """What is stored of this version against the other one; None when they were never compared that way round."""
    found = StoredComparison.objects.filter(candidate=evaluation, baseline=beside).first() if beside else None
    if found is None:
        return None
    return Evidence(
        dataset=str(evaluation.dataset),
        version=evaluation.version,
        live=asked.other,
        candidate=evaluation,
        baseline=beside,
        comparison=Comparison.from_dict(found.result | found.by_segment),
        own_values=overall,
        rules=[],
        absence="",
    )


def _is_compared_backwards(evaluation: Evaluation, beside: Evaluation | None) -> bool:
    """Whether the other version was the candidate once, and this one live."""
    return beside is not None and StoredComparison.objects.filter(candidate=beside, baseline=evaluation).exists()


def _sides(
    evaluation: Evaluation, beside: Evaluation | None, compared: Evidence | None, overall: list[MetricValue]
) -> Sides:
    own = Side(evaluation.version.name, evaluation.curves, {value.metric: value.value for value in overall})
    other = Side(beside.version.name, beside.curves) if beside else None
    judged = compared.comparison.measures if compared and compared.comparison else []
    return Sides(own, other, {each.metric: each for each in judged})
