"""One model: its stages, the people, what was live, its versions, what is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Subquery

from accounts.access import people_who_may
from accounts.models import User
from accounts.roles import APPROVE, AUDIT, CONTRIBUTE, OPERATE, REVIEW
from approvals.models import OPEN_STATES, Promotion, State
from approvals.queries import open_promotions
from approvals.standing import marks_of_many
from approvals.waiting import by_due_time
from dashboard.hallmarks import Die
from dashboard.moments import moment_typed
from dashboard.pages.open_promotions import OpenRow, open_rows
from dashboard.pages.operating import Rollback, rollback_of
from dashboard.pages.over_versions import OverVersions, over_versions
from dashboard.pages.policies import PolicyInForce, policy_for
from dashboard.pages.production_history import Term, terms_of
from dashboard.pages.version_hallmark import hallmark_of
from dashboard.pages.version_order import Choice
from dashboard.pages.version_table import VersionTable, version_table
from dashboard.pages.version_timeline import VersionTimeline, version_timeline
from registry.models import IntegrityCheck, Model, Stage, StageTerm, TrafficArm, Version
from registry.queries import current_arms, damaged_versions, live_at

OPEN_SHOWN = 25
LANE_SHOWN = 3
PEOPLE_SHOWN = 6
DAMAGED_NAMED = 10
TRAFFIC_WIDTH = 600

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
    """A version in a stage since some time, with its open promotion where it has one; else with the last one that
    ended otherwise than by completion, when that was its last: its key and how it ended."""

    version: Version
    since: datetime
    row: OpenRow | None
    ended: tuple[int, str] | None


@dataclass(frozen=True)
class Lane:
    """A stage with the versions somebody wants to move, then its newest, and how many more there are."""

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
class ModelPage:
    model: Model
    owners: list[User]
    dies: list[Die]
    live: Version | None
    arms: list[Arm]
    lanes: list[Lane]
    to_compare: tuple[str, str] | None
    roles: list[RolePeople]
    policies: list[PolicyInForce]
    open: list[OpenRow]
    open_count: int
    terms: list[Term]
    older_terms: int | None
    versions: VersionTable
    over_versions: OverVersions | None
    timeline: VersionTimeline | None
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
    terms, older_terms = terms_of(model, terms_before, rollback)
    asked_at = moment_typed(live_at_text)
    promotions = by_due_time(open_promotions().filter(version__model=model))
    versions = version_table(model, choice)
    policies = [policy_for(model, stage) for stage in (Stage.STAGING, Stage.PRODUCTION)]
    rows = open_rows(list(marks_of_many(promotions[:OPEN_SHOWN]).values()), user)
    lanes = _lanes(model, rows)
    return ModelPage(
        model=model,
        owners=list(model.owners.order_by("username")),
        dies=hallmark_of(live) if live else [],
        live=live,
        arms=_with_widths(arms),
        lanes=lanes,
        to_compare=_to_compare(model, live, lanes),
        roles=[_role(model, *role) for role in _ROLES],
        policies=policies,
        open=rows,
        open_count=promotions.count(),
        terms=terms,
        older_terms=older_terms,
        versions=versions,
        over_versions=over_versions(model, versions, live=live, policies=policies),
        timeline=version_timeline(model),
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
    theirs = Promotion.objects.filter(version=OuterRef("pk"))
    last = theirs.exclude(state__in=OPEN_STATES).order_by("-pk")
    versions = model.versions.filter(stage=stage).annotate(
        stage_since=Subquery(began),
        is_asked_for=Exists(theirs.filter(state__in=OPEN_STATES)),
        last_promotion=Subquery(last.values("pk")[:1]),
        last_state=Subquery(last.values("state")[:1]),
    )
    shown = list(versions.order_by("-is_asked_for", "-number")[:LANE_SHOWN])
    rows = [
        LaneRow(
            version,
            since=version.stage_since or version.created_at,
            row=open_rows_of.get(version.pk),
            ended=_ended(version.last_promotion, version.last_state),
        )
        for version in shown
    ]
    return Lane(stage, rows, count - len(rows))


def _ended(promotion: int | None, state: str) -> tuple[int, str] | None:
    if promotion is None or state == State.COMPLETED:
        return None
    return promotion, State(state).label.lower()


def _to_compare(model: Model, live: Version | None, lanes: Iterable[Lane]) -> tuple[str, str] | None:
    """What one compares first, in words, and the numbers of those versions: what is live, the first in Staging, the
    newest. None when they are fewer than two."""
    staged = [row.version for lane in lanes if lane.stage == Stage.STAGING for row in lane.rows]
    newest = model.versions.exclude(finalised_at=None).order_by("-number").first()
    named: dict[int, str] = {}
    for word, version in (("live", live), ("Staging", next(iter(staged), None)), ("newest", newest)):
        if version is not None:
            named.setdefault(version.number, word)
    if len(named) < 2:
        return None
    *words, last = named.values()
    return f"{', '.join(words)} and {last}", ",".join(str(number) for number in named)


def _role(model: Model, permission: str, title: str, can: str) -> RolePeople:
    people = list(people_who_may(permission, model))
    return RolePeople(title, can, people[:PEOPLE_SHOWN], max(len(people) - PEOPLE_SHOWN, 0))
