"""One version: what it is made of, where it comes from, how good it is, where it has been."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from accounts.access import may
from accounts.models import User
from accounts.reasons import Invalid, Reason
from accounts.roles import CONTRIBUTE, REVIEW
from approvals.lifecycle import PROMOTES
from approvals.models import Promotion
from approvals.permissions import why_not_archive, why_not_deprecate, why_not_open
from approvals.queries import policy_in_force, promotions
from dashboard.hallmarks import Die
from dashboard.pages.version_hallmark import hallmark_of
from dashboard.readable import as_text
from evidence.metrics import Metric, metrics_of
from evidence.models import Evaluation, MetricValue
from registry.cards import read_card, render_markdown
from registry.models import ArtifactFile, CardRevision, DatasetVersion, Stage, StageTerm, Version
from registry.permissions import why_not_own_card

EVALUATIONS_SHOWN = 25
PROMOTIONS_SHOWN = 25
REVISIONS_SHOWN = 25
FILES_SHOWN = 200

NEW_CARD = """---
license: other
---
## Intended use

## Training data

## Evaluation

## Limitations
"""


@dataclass(frozen=True)
class ShownCard:
    """A card revision, rendered; `front_matter` as pairs of name and text."""

    revision: CardRevision
    html: str
    front_matter: list[tuple[str, str]]
    problem: str = ""


@dataclass(frozen=True)
class CardRights:
    """What the reader may do with the card; `why_not_review` says it where a reviewer can't."""

    may_revise: bool
    may_review: bool
    why_not_review: str


@dataclass(frozen=True)
class EvaluationRow:
    """An evaluation with its overall values, one for each metric of the version's task."""

    evaluation: Evaluation
    values: list[MetricValue | None]


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
    revisions: list[CardRevision]
    card_rights: CardRights
    metrics: list[Metric]
    evaluations: list[EvaluationRow]
    promotions: list[Promotion]
    open_promotion: Promotion | None
    terms: list[StageTerm]
    targets: list[Target]
    why_not_open: Reason | None
    may_archive: bool
    may_deprecate: bool
    new_card: str


def version_page(version: Version, user: User) -> VersionPage:
    """Everything the version's page shows; a fixed number of queries."""
    revisions = _revisions(version)
    newest = revisions[0] if revisions else None
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
        card=shown_card(newest) if newest else None,
        revisions=revisions,
        card_rights=_card_rights(version, newest, user),
        metrics=metrics_of(version.task),
        evaluations=_evaluations(version),
        promotions=own_promotions,
        open_promotion=next((promotion for promotion in own_promotions if promotion.is_open), None),
        terms=list(version.terms.order_by("-started_at", "-pk")),
        targets=[_target(version, stage) for stage in possible_targets(version)],
        why_not_open=_why_not_open(version, user),
        may_archive=why_not_archive(version, user) is None,
        may_deprecate=why_not_deprecate(version, user) is None,
        new_card=newest.text if newest else NEW_CARD,
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
        ("Run", version.run_id),
    ]
    return [(name, value) for name, value in facts if value]


def as_pairs(values: Any) -> list[tuple[str, str]]:
    """A mapping as pairs of name and readable text; anything else as one pair."""
    if not isinstance(values, Mapping):
        return [("value", as_text(values))] if values else []
    return [(str(name), as_text(value)) for name, value in values.items()]


def _revisions(version: Version) -> list[CardRevision]:
    revisions = version.card_revisions.select_related("written_by", "reviewed_by").order_by("-number")
    return list(revisions[:REVISIONS_SHOWN])


def shown_card(revision: CardRevision) -> ShownCard:
    """A revision rendered harmlessly; front matter that can't be read is said so, with the words as they are."""
    try:
        card = read_card(revision.text)
    except Invalid as invalid:
        return ShownCard(revision, render_markdown(revision.text), [], problem=str(invalid))
    return ShownCard(revision, render_markdown(card.body), as_pairs(card.front_matter))


def _card_rights(version: Version, newest: CardRevision | None, user: User) -> CardRights:
    reviews = may(user, REVIEW, version.model) and newest is not None and newest.reviewed_by_id is None
    own = why_not_own_card(newest, user) if reviews and newest is not None else None
    return CardRights(
        may_revise=may(user, CONTRIBUTE, version.model),
        may_review=reviews and own is None,
        why_not_review=f"{own.text} {own.remedy}" if own else "",
    )


def _evaluations(version: Version) -> list[EvaluationRow]:
    overall = MetricValue.objects.filter(column="", segment="")
    evaluations = version.evaluations.select_related("dataset__dataset_version__dataset").defer("curves", "log")
    found = evaluations.order_by("-made_at").prefetch_related(Prefetch("values", overall))
    rows = []
    for evaluation in found[:EVALUATIONS_SHOWN]:
        values = {value.metric: value for value in evaluation.values.all()}
        rows.append(EvaluationRow(evaluation, [values.get(metric.key) for metric in metrics_of(version.task)]))
    return rows
