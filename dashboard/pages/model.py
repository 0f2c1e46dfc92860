"""One model: its stages, the people, what was live, its versions, what is open."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Subquery

from accounts.access import people_who_may
from accounts.models import User
from accounts.roles import APPROVE, AUDIT, CONTRIBUTE, OPERATE, REVIEW
from approvals.models import PolicyRevision, Review, Verdict
from approvals.policies import Document, read_document
from approvals.queries import open_promotions, policy_in_force
from approvals.standing import marks_of_many
from approvals.waiting import by_due_time
from dashboard.hallmarks import Die
from dashboard.moments import moment_typed
from dashboard.pages.compare_choice import BestVersion, best_version
from dashboard.pages.open_promotions import OpenRow, open_rows
from dashboard.pages.operating import Rollback, rollback_of
from dashboard.pages.version_hallmark import hallmark_of
from dashboard.pages.version_order import Choice
from dashboard.pages.version_table import VersionTable, version_table
from registry.models import IntegrityCheck, Model, Stage, StageTerm, TrafficArm, Version
from registry.queries import current_arms, damaged_versions, live_at, production_history

TERMS_SHOWN = 20
OPEN_SHOWN = 25
LANE_SHOWN = 3
PEOPLE_SHOWN = 6
DAMAGED_NAMED = 10
TRAFFIC_WIDTH = 600
_BY_PROMOTION = re.compile(r"promotion (\d+)")

#: Roles as the page lists them: the right they stand on, their title, what it lets people do here.
_ROLES = (
    (CONTRIBUTE, "Contributors", "can promote"),
    (REVIEW, "Reviewers", "can review"),
    (APPROVE, "Approvers", "can approve"),
    (OPERATE, "Operators", "run what is live"),
    (AUDIT, "Auditors", "can read the record"),
)


@dataclass(frozen=True)
class Arm:
    """A live version with its stretch of the traffic bar, in pixels of 600."""

    arm: TrafficArm
    x: float
    width: float


@dataclass(frozen=True)
class LaneRow:
    """A version in a stage since some time, with its open promotion where it has one."""

    version: Version
    since: datetime
    row: OpenRow | None


@dataclass(frozen=True)
class Lane:
    """A stage with its newest versions, and how many more there are."""

    stage: str
    rows: list[LaneRow]
    more: int


@dataclass(frozen=True)
class RolePeople:
    """People who hold a right on the model; `more` counts those not named."""

    title: str
    can: str
    people: list[User]
    more: int


@dataclass(frozen=True)
class PolicyInForce:
    stage: str
    revision: PolicyRevision | None
    document: Document | None


@dataclass(frozen=True)
class Term:
    """A stretch in Production with those who approved it, as far as a promotion began it; else with who began it.

    `why` is the reason given for a rollback, `why_ended` the one for how it ended; both "" where there is none.
    """

    term: StageTerm
    approvers: list[User]
    began_by: str
    can_return: bool

    @property
    def why(self) -> str:
        return self.term.started_because.partition("rollback: ")[2]

    @property
    def why_ended(self) -> str:
        return re.split("rollback: |take-down: ", self.term.ended_because, maxsplit=1)[-1]


@dataclass(frozen=True)
class ModelPage:
    model: Model
    owners: list[User]
    dies: list[Die]
    live: Version | None
    arms: list[Arm]
    lanes: list[Lane]
    roles: list[RolePeople]
    policies: list[PolicyInForce]
    open: list[OpenRow]
    open_count: int
    terms: list[Term]
    older_terms: int | None
    versions: VersionTable
    best: BestVersion | None
    damaged: list[IntegrityCheck]
    rollback: Rollback | None
    asked_text: str
    asked_at: datetime | None
    live_then: list[StageTerm]

    @property
    def not_a_moment(self) -> bool:
        return bool(self.asked_text) and self.asked_at is None


def model_page(
    model: Model, user: User, *, choice: Choice, terms_before: int | None, live_at_text: str = ""
) -> ModelPage:
    """Everything the model's page shows. `choice` is the reader's of the table of versions, `terms_before` the key
    of the last term of the history already seen."""
    arms = list(current_arms(model).select_related("version__registered_by", "version__on_behalf_of"))
    live = arms[0].version if arms else None
    rollback = rollback_of(model, user)
    terms, older_terms = _terms(model, terms_before, rollback)
    asked_at = moment_typed(live_at_text)
    promotions = by_due_time(open_promotions().filter(version__model=model))
    versions = version_table(model, choice)
    rows = open_rows(list(marks_of_many(promotions[:OPEN_SHOWN]).values()), user)
    return ModelPage(
        model=model,
        owners=list(model.owners.order_by("username")),
        dies=hallmark_of(live) if live else [],
        live=live,
        arms=_with_widths(arms),
        lanes=_lanes(model, rows),
        roles=[_role(model, *role) for role in _ROLES],
        policies=[_policy(model, stage) for stage in (Stage.STAGING, Stage.PRODUCTION)],
        open=rows,
        open_count=promotions.count(),
        terms=terms,
        older_terms=older_terms,
        versions=versions,
        best=best_version(model, versions.dataset, model.primary_metric),
        damaged=list(damaged_versions(model)[:DAMAGED_NAMED]),
        rollback=rollback,
        asked_text=live_at_text,
        asked_at=asked_at,
        live_then=list(live_at(model, asked_at)) if asked_at else [],
    )


def _with_widths(arms: Iterable[TrafficArm]) -> list[Arm]:
    placed, x = [], 0.0
    for arm in arms:
        width = TRAFFIC_WIDTH * arm.weight / 100
        placed.append(Arm(arm, x, width))
        x += width
    return placed


def _lanes(model: Model, rows: Iterable[OpenRow]) -> list[Lane]:
    counts = dict(model.versions.values_list("stage").annotate(Count("pk")))
    open_rows_of = {row.promotion.version_id: row for row in rows}
    return [
        _lane(model, stage, counts.get(stage, 0), open_rows_of) for stage in (Stage.STAGING, Stage.NONE, Stage.ARCHIVED)
    ]


def _lane(model: Model, stage: str, count: int, open_rows_of: dict[int, OpenRow]) -> Lane:
    began = StageTerm.objects.filter(version=OuterRef("pk"), ended_at=None).values("started_at")[:1]
    versions = model.versions.filter(stage=stage).annotate(stage_since=Subquery(began)).order_by("-number")
    rows = [
        LaneRow(version, version.stage_since or version.created_at, open_rows_of.get(version.pk))
        for version in versions[:LANE_SHOWN]
    ]
    return Lane(stage, rows, count - len(rows))


def _role(model: Model, permission: str, title: str, can: str) -> RolePeople:
    people = list(people_who_may(permission, model))
    return RolePeople(title, can, people[:PEOPLE_SHOWN], max(len(people) - PEOPLE_SHOWN, 0))


def _policy(model: Model, stage: str) -> PolicyInForce:
    revision = policy_in_force(model, stage)
    document = read_document(revision.document, target_stage=revision.target_stage) if revision else None
    return PolicyInForce(stage, revision, document)


def _terms(model: Model, before: int | None, rollback: Rollback | None) -> tuple[list[Term], int | None]:
    history = production_history(model).order_by("-pk")
    if before is not None:
        history = history.filter(pk__lt=before)
    found = list(history[: TERMS_SHOWN + 1])
    page = found[:TERMS_SHOWN]
    approvers = _approvers_by_promotion(page)
    # Only beside the last of a version's terms: earlier ones would offer the same.
    returning = {target.term.pk for target in rollback.targets if target.why_not is None} if rollback else set()
    names = _names([term.started_by for term in page])
    terms = [
        Term(term, approvers[_promotion_of(term)], names.get(term.started_by, term.started_by), term.pk in returning)
        for term in page
    ]
    return terms, page[-1].pk if len(found) > TERMS_SHOWN else None


def _names(usernames: Iterable[str]) -> dict[str, str]:
    return {each.username: each.display_name for each in User.objects.filter(username__in=usernames)}


def _promotion_of(term: StageTerm) -> int:
    """The promotion that began the term, by its number; 0 for none."""
    match = _BY_PROMOTION.fullmatch(term.started_because)
    return int(match[1]) if match else 0


def _approvers_by_promotion(terms: Iterable[StageTerm]) -> defaultdict[int, list[User]]:
    reviews = Review.objects.filter(promotion__in=[_promotion_of(term) for term in terms], fell_at=None)
    approvers: defaultdict[int, list[User]] = defaultdict(list)
    for review in reviews.filter(verdict=Verdict.APPROVE).select_related("reviewer").order_by("at"):
        approvers[review.promotion_id].append(review.reviewer)
    return approvers
