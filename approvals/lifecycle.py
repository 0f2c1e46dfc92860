"""Moving versions between stages: alone in writing `stage`, traffic plans and stage terms.

Every function here runs inside its caller's transaction, with the model's row locked by `lock_model`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.reasons import Conflict, Invalid
from audit.actions import record
from registry import events
from registry.models import EndedHow, Model, Stage, StageTerm, TrafficArm, TrafficPlan, Version
from registry.queries import current_arms
from registry.subjects import model_subject, version_subject

#: Stages a promotion can lead from and to. Archived → Production is for rollback alone.
PROMOTES = {
    (Stage.NONE, Stage.STAGING),
    (Stage.ARCHIVED, Stage.STAGING),
    (Stage.STAGING, Stage.PRODUCTION),
}


@dataclass(frozen=True)
class Cause:
    """What a move happens by: `because` goes into history as text ("promotion 12"). All of it happens at one moment."""

    because: str
    actor: User | None
    at: datetime = field(default_factory=timezone.now)


def lock_model(model_id: int) -> Model:
    """Locks a model's row: first of all locks, everywhere, so that no two wait for each other."""
    return Model.objects.select_for_update().get(pk=model_id)


def check_move(version: Version, to_stage: str) -> None:
    """Raises Conflict unless a promotion can lead from the version's stage to `to_stage`, naming the path.

    Raises Invalid for a word that names no stage.
    """
    if to_stage not in Stage.values:
        raise Invalid("unknown_stage", f"{to_stage!r} is no stage.", "Choose Staging or Production.")
    if (Stage(version.stage), Stage(to_stage)) in PROMOTES:
        return
    if version.stage == to_stage:
        raise Conflict("already_there", f"{version} is in {to_stage} already.")
    if to_stage == Stage.PRODUCTION:
        raise Conflict(
            "not_through_staging",
            f"{version} is {Stage(version.stage).label.lower()} and can't go straight to Production.",
            "Promote it to Staging first.",
        )
    raise Conflict("no_such_move", f"There is no way from {version.stage} to {to_stage} by promotion.")


def move(version: Version, to_stage: str, cause: Cause) -> list[Version]:
    """Moves a version; what Production it replaces is archived at once. Returns the versions that left Production."""
    replaced: list[Version] = []
    if to_stage == Stage.PRODUCTION:
        replaced = _take_all_traffic(version, cause, EndedHow.REPLACED)
    _enter(version, to_stage, cause, EndedHow.MOVED_ON)
    return replaced


def restore(version: Version, cause: Cause) -> list[Version]:
    """Brings an archived version back into Production, alone. Returns the versions it was rolled back from."""
    left = _take_all_traffic(version, cause, EndedHow.ROLLED_BACK)
    _enter(version, Stage.PRODUCTION, cause, EndedHow.MOVED_ON)
    return left


def take_down(model: Model, cause: Cause) -> list[Version]:
    """Takes everything of a model out of Production, without successor. Returns what was live."""
    return _replace_plan(model, None, cause, EndedHow.TAKEN_DOWN)


def archive(version: Version, cause: Cause) -> None:
    """Puts away a version that isn't live."""
    _enter(version, Stage.ARCHIVED, cause, EndedHow.ARCHIVED)


def _take_all_traffic(version: Version, cause: Cause, how: EndedHow) -> list[Version]:
    return _replace_plan(version.model, version, cause, how)


def _replace_plan(model: Model, successor: Version | None, cause: Cause, how: EndedHow) -> list[Version]:
    assert transaction.get_connection().in_atomic_block  # a half-done move would leave two versions live
    leaving = [arm.version for arm in current_arms(model)]
    current: QuerySet[TrafficPlan] = model.traffic_plans.filter(ended_at=None)
    current.update(ended_at=cause.at)
    if successor is not None:
        plan = TrafficPlan.objects.create(model=model, started_at=cause.at)
        TrafficArm.objects.create(plan=plan, version=successor, weight=100, live_since=cause.at)
    by = f"replaced by {successor.name}, {cause.because}" if successor else cause.because
    for left in leaving:
        _enter(left, Stage.ARCHIVED, replace(cause, because=by), how)
    record(
        events.TRAFFIC_CHANGED,
        model_subject(model),
        actor=cause.actor,
        before=[{"version": left.number} for left in leaving],
        after=[{"version": successor.number, "weight": 100}] if successor else [],
        reason=cause.because,
    )
    return leaving


def _enter(version: Version, stage: str, cause: Cause, ended_how: EndedHow) -> None:
    before = version.stage
    version.terms.filter(ended_at=None).update(
        ended_at=cause.at, ended_how=ended_how, ended_because=cause.because[:200]
    )
    StageTerm.objects.create(
        version=version,
        stage=stage,
        started_at=cause.at,
        started_by=cause.actor.username if cause.actor else "",
        started_because=cause.because[:200],
    )
    version.stage = stage
    version.save(update_fields=["stage"])
    record(
        events.STAGE_CHANGED,
        version_subject(version),
        actor=cause.actor,
        before={"stage": before},
        after={"stage": stage},
        reason=cause.because,
    )
