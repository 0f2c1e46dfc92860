"""One version: what it is made of, where it comes from, how good it is, where it has been."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import Prefetch

from accounts.access import may
from accounts.models import User
from accounts.reasons import Reason
from accounts.roles import CONTRIBUTE
from approvals.defects import defects_of_evidence
from approvals.lifecycle import PROMOTES
from approvals.models import Promotion
from approvals.permissions import why_not_archive, why_not_deprecate, why_not_open
from approvals.queries import policy_in_force, promotions
from dashboard.hallmarks import Die
from dashboard.pages.card import ShownCard, as_pairs, shown_card
from dashboard.pages.defects import ShownDefect, shown_defects
from dashboard.pages.version_hallmark import hallmark_of
from evidence.metrics import Metric, metrics_of
from evidence.models import Evaluation, MetricValue, ReportedMetric
from evidence.queries import reported_metrics
from registry.lineage import defects_of_version
from registry.models import ArtifactFile, DatasetVersion, Stage, StageTerm, Version
from registry.queries import newest_card

EVALUATIONS_SHOWN = 25
PROMOTIONS_SHOWN = 25
FILES_SHOWN = 200
REPORTED_SHOWN = 250


@dataclass(frozen=True)
class EvaluationRow:
    """An evaluation with its overall values, one for each metric of the version's task (None: not measured)."""

    evaluation: Evaluation
    cells: list[tuple[Metric, MetricValue | None]]


@dataclass(frozen=True)
class ReportedRow:
    """What a pipeline says it measured on a dataset version (None: it doesn't say); `last` is what it said last."""

    dataset: DatasetVersion
    cells: list[tuple[Metric, ReportedMetric | None]]
    last: ReportedMetric


@dataclass(frozen=True)
class Target:
    """A stage a promotion can lead to now, and what its policy asks for."""

    stage: str
    policy: str
    gates: int
    seats: int


@dataclass(frozen=True)
class VersionPage:
    version: Version
    dies: list[Die]
    features: list[str]
    facts: list[tuple[str, str]]
    parameters: list[tuple[str, str]]
    packages: list[tuple[str, str]]
    signature: list[tuple[str, str]]
    contract: list[tuple[str, str]]
    files: list[ArtifactFile]
    more_files: int
    trained_on: list[DatasetVersion]
    card: ShownCard | None
    may_revise_card: bool
    metrics: list[Metric]
    evaluations: list[EvaluationRow]
    reported: list[ReportedRow]
    promotions: list[Promotion]
    open_promotion: Promotion | None
    terms: list[StageTerm]
    targets: list[Target]
    why_not_open: Reason | None
    may_archive: bool
    may_deprecate: bool
    defects: list[ShownDefect]
    doubts: list[ShownDefect]


def version_page(version: Version, user: User) -> VersionPage:
    """Everything the version's page shows; a fixed number of queries."""
    card = newest_card(version)
    files = list(version.files.all()[: FILES_SHOWN + 1])
    own_promotions = list(promotions().filter(version=version).order_by("-opened_at")[:PROMOTIONS_SHOWN])
    return VersionPage(
        version=version,
        dies=hallmark_of(version),
        features=[str(name) for name in version.features],
        facts=_facts(version),
        parameters=as_pairs(version.parameters),
        packages=as_pairs(version.environment.get("packages") or {}),
        signature=as_pairs(version.signature),
        contract=as_pairs(version.contract),
        files=files[:FILES_SHOWN],
        more_files=max(version.files.count() - FILES_SHOWN, 0),
        trained_on=list(version.trained_on.select_related("dataset").order_by("dataset__name", "number")),
        card=shown_card(card) if card else None,
        may_revise_card=may(user, CONTRIBUTE, version.model),
        metrics=metrics_of(version.task),
        evaluations=_evaluations(version),
        reported=_reported(version),
        promotions=own_promotions,
        open_promotion=next((promotion for promotion in own_promotions if promotion.is_open), None),
        terms=list(version.terms.order_by("-started_at", "-pk")),
        targets=[_target(version, stage) for stage in possible_targets(version)],
        why_not_open=_why_not_open(version, user),
        may_archive=why_not_archive(version, user) is None,
        may_deprecate=why_not_deprecate(version, user) is None,
        defects=shown_defects(defects_of_version(version), version.model, user),
        doubts=shown_defects(defects_of_evidence(version), version.model, user),
    )


def possible_targets(version: Version) -> list[str]:
    """The stages that a promotion can lead to from where the version is."""
    return [to_stage for from_stage, to_stage in sorted(PROMOTES) if from_stage == version.stage]


def _target(version: Version, stage: str) -> Target:
    revision = policy_in_force(version.model, stage)
    if revision is None:
        return Target(stage, "", 0, 0)
    return Target(stage, str(revision), len(revision.document.get("gates") or []), revision.seats)


def _why_not_open(version: Version, user: User) -> Reason | None:
    stages = possible_targets(version)
    if not stages:
        name = Stage(version.stage).label
        return Reason("no_way_on", f"{version.name} is in {name}: no promotion leads on from there.")
    return why_not_open(version, user)


def _facts(version: Version) -> list[tuple[str, str]]:
    framework = " ".join(str(value) for value in (version.framework or {}).values())
    facts = [
        ("Task", version.get_task_display()),
        ("Format", version.format),
        ("Framework", framework),
        ("Python", str(version.environment.get("python") or "")),
        ("Decision threshold", "" if version.decision_threshold is None else f"{version.decision_threshold:g}"),
        ("Training run", version.run_id),
    ]
    return [(name, value) for name, value in facts if value]


def _evaluations(version: Version) -> list[EvaluationRow]:
    overall = MetricValue.objects.filter(column="", segment="")
    evaluations = version.evaluations.select_related("dataset__dataset_version__dataset").defer("curves", "log")
    found = evaluations.order_by("-made_at").prefetch_related(Prefetch("values", overall))
    rows = []
    for evaluation in found[:EVALUATIONS_SHOWN]:
        values = {value.metric: value for value in evaluation.values.all()}
        rows.append(EvaluationRow(evaluation, [(each, values.get(each.key)) for each in metrics_of(version.task)]))
    return rows


def _reported(version: Version) -> list[ReportedRow]:
    rows = []
    for dataset, found in groupby(reported_metrics(version)[:REPORTED_SHOWN], key=lambda each: each.dataset):
        claims = list(found)
        by_metric = {each.metric: each for each in claims}
        rows.append(
            ReportedRow(dataset, [(each, by_metric.get(each.key)) for each in metrics_of(version.task)], claims[-1])
        )
    return rows
