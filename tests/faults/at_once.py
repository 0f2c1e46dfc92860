"""Doing things at the same moment, each over a database connection of its own, and what is found afterwards."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, connections

from accounts.models import User
from accounts.reasons import PromotionMoved, Refusal
from approvals.actions import review_promotion
from approvals.models import Promotion, State
from approvals.standing import current_runs
from audit.models import AuditEvent
from evidence.models import LockedDataset
from registry.models import TrafficPlan, Version
from tests import factories
from tests.factories import persona

ROUNDS = 3
TICKS = {"model": ["keeper", "rollback"], "risk": ["cost", "rollback"]}
Act = Callable[[], object]


def at_once(acts: Sequence[Act]) -> list[str]:
    """Does all of them at the same moment and returns what each was answered: ok, or a refusal by name."""
    barrier, answers = threading.Barrier(len(acts)), ["nothing"] * len(acts)

    def act(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            answers[index] = _answer(acts[index])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def in_turn(acts: Sequence[Act]) -> list[str]:
    """The same one after the other."""
    return [_answer(act) for act in acts]


def _answer(act: Act) -> str:
    try:
        act()
    except PromotionMoved as moved:
        return f"moved: {moved.reason.code}"
    except Refusal as refusal:
        return refusal.reason.code
    except Exception as error:  # noqa: BLE001 - what went wrong is the test's to judge
        return f"{type(error).__name__}: {error}"
    return "ok"


def approval(promotion: Promotion, who: User, slot: str, *, ticks: Sequence[str] | None = None) -> Act:
    """Pressing Approve on a page that shows the promotion as it is now."""
    given: dict[str, Any] = {"seal": promotion.seal, "slot": slot, "ticks": TICKS[slot] if ticks is None else ticks}
    return lambda: review_promotion(promotion, actor=who, verdict="approve", **given)


def set_up() -> None:
    """The people and policies of the story, unless they are there."""
    factories.personas()
    if not LockedDataset.objects.exists():
        factories.policies()


def in_review(*, half_approved: bool = False) -> Promotion:
    version = factories.version_of(factories.model_named())  # its gates are ended without being run
    promotion = factories.promotion_in(State.IN_REVIEW, version=version)
    if half_approved:
        approval(promotion, persona("riley"), "model")()
        promotion.refresh_from_db()
    return promotion


def found(promotion: Promotion, answers: list[str]) -> dict[str, Any]:
    """What is in the tables afterwards, beside how often people were answered what."""
    promotion.refresh_from_db()
    verbs = AuditEvent.objects.filter(subject_kind="promotion", subject_id=str(promotion.pk))
    model = promotion.version.model
    standing = promotion.reviews.filter(verdict="approve", fell_at=None)
    return {
        "answers": dict(Counter(answers)),
        "state": promotion.state,
        "approvals": standing.count(),
        "ticks": promotion.ticks.filter(fell_at=None).count(),
        "approved": verbs.filter(verb="promotion.approved").count(),
        "completed": verbs.filter(verb="promotion.completed").count(),
        "live": Version.objects.filter(model=model, stage="Production").count(),
        "plans": TrafficPlan.objects.filter(model=model, ended_at=None).count(),
        "on_other_outcomes": sum(
            review.parts.get(f"gate:{run.key}") != run.digest for review in standing for run in current_runs(promotion)
        ),
    }
