"""Taking a promotion on: from gates to review, from filled slots to the move, and back when something changed.

All of it runs inside the caller's transaction, under the locks taken by `lock_promotion`.
"""

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from approvals import events, lifecycle, notifications
from approvals.actions.queueing import queue_again, stop_gates
from approvals.holds import holds_of, next_look
from approvals.models import OPEN_STATES, Outcome, Promotion, Seal, State
from approvals.policies import PARTS
from approvals.seals import digest_of, moved_parts, parts_of, title_of
from approvals.standing import Marks, document_of, marks_of
from approvals.subjects import promotion_subject
from approvals.transitions import Event, next_state
from audit.actions import record
from registry.models import Model, Version
from registry.queries import primary_version


def lock_promotion(promotion_id: int) -> Promotion:
    """The promotion, locked after its model, read afresh with what every action needs of it."""
    model_id = Promotion.objects.values_list("version__model_id", flat=True).get(pk=promotion_id)
    lifecycle.lock_model(model_id)
    related = ("version__model", "baseline__model", "policy_revision__policy", "requested_by", "on_behalf_of")
    return Promotion.objects.select_for_update(of=("self",)).select_related(*related).get(pk=promotion_id)


def enter(promotion: Promotion, event: Event, **fields: object) -> None:
    """Takes one step of the table of transitions and stores it. Closing one ends the gates that still ran for it."""
    promotion.state = next_state(promotion.state, event)
    if promotion.state != State.APPROVED:
        promotion.look_again_at = None
    if promotion.state not in OPEN_STATES:
        promotion.closed_at = timezone.now()
        stop_gates(promotion)
    for name, value in fields.items():
        setattr(promotion, name, value)
    promotion.save(update_fields=["state", "closed_at", "look_again_at", *fields])


def recheck(promotion: Promotion) -> None:
    """Back to `checking` because gates are about to run again; marks stand until their outcome is known."""
    enter(promotion, Event.RECHECK)


def advance(promotion: Promotion) -> None:
    """Goes on as far as the gates and marks allow; does nothing while a gate is still running."""
    moving = promotion.state in {State.CHECKING, State.CHANGES_REQUESTED}
    if not moving or promotion.gate_runs.filter(is_current=True, outcome=Outcome.PENDING).exists():
        return
    marks = refresh_seal(marks_of(promotion))
    if promotion.state == State.CHANGES_REQUESTED:
        return
    if failed := [run.key for run in marks.in_the_way]:
        enter(promotion, Event.GATE_FAILED)
        record(events.PROMOTION_BLOCKED, promotion_subject(promotion), actor=None, after={"failed": failed})
        notifications.tell_blocked(promotion, marks.runs)
    elif marks.document.slots:
        _enter_review(promotion, marks)
        finish_if_filled(marks, actor=None)
    else:
        enter(promotion, Event.NOBODY_ASKED)
        complete_unless_held(promotion, marks, actor=None)


def _enter_review(promotion: Promotion, marks: Marks) -> None:
    first_time = promotion.review_started_at is None
    started = promotion.review_started_at or timezone.now()
    due = promotion.due_at or started + timedelta(days=marks.document.due_days)
    reminder = marks.document.first_reminder(due, timezone.now())
    enter(promotion, Event.GATES_CLEARED, review_started_at=started, due_at=due, next_reminder_at=reminder)
    record(events.REVIEW_STARTED, promotion_subject(promotion), actor=None, after={"due": due.isoformat()})
    notifications.tell_reviewers(promotion, marks, again=not first_time)


def refresh_seal(marks: Marks) -> Marks:
    """Seals what is decided on as it is now; marks that rested on what changed fall, and the record says so.

    Returns the marks that stand then.
    """
    promotion, parts = marks.promotion, parts_of(marks.promotion, marks.runs)
    digest = digest_of(parts)
    if digest == promotion.seal:
        return marks
    Seal.objects.get_or_create(promotion=promotion, digest=digest, defaults={"parts": parts})
    promotion.seal = digest
    promotion.save(update_fields=["seal"])
    return marks_of(promotion) if drop_fallen_marks(marks, parts) else marks


def drop_fallen_marks(marks: Marks, parts: dict[str, str]) -> bool:
    """Whether any mark fell."""
    now = timezone.now()
    titles = {rule.key: rule.shown_title for rule in marks.document.gates}
    fallen: list[str] = []
    because: set[str] = set()
    for review in marks.approvals:
        slot = marks.document.slot(review.slot)
        # The slot for exceptions goes when the waiver does; what was approved in it rested on everything.
        if moved := moved_parts(review.parts, parts, slot.rests_on if slot else PARTS):
            causes = {title_of(part, titles) for part in moved}
            because |= causes
            review.fell_at, review.fell_because = now, ", ".join(sorted(causes))[:300]
            review.save(update_fields=["fell_at", "fell_because"])
            fallen.append(f"approval of {review.reviewer.username}")
    for item in marks.document.checklist:
        tick = marks.ticks.get(item.key)
        if tick is not None and (moved := moved_parts(tick.parts, parts, item.rests_on)):
            because |= {title_of(part, titles) for part in moved}
            tick.fell_at = now
            tick.save(update_fields=["fell_at"])
            fallen.append(f"tick {item.key}")
    if fallen:
        after = {"fell": fallen, "changed": sorted(because)}
        record(events.MARKS_FELL, promotion_subject(marks.promotion), actor=None, after=after)
    return bool(fallen)


def finish_if_filled(marks: Marks, *, actor: User | None) -> None:
    """Completes the promotion once every slot is filled by people who still may, and nothing is left open."""
    promotion = marks.promotion
    if promotion.state == State.IN_REVIEW and marks.is_filled:
        enter(promotion, Event.SLOTS_FILLED)
        complete_unless_held(promotion, marks, actor=actor)


def complete_unless_held(promotion: Promotion, marks: Marks, *, actor: User | None) -> None:
    """Completes an approved promotion, or notes until when something holds it back."""
    holds = holds_of(marks, timezone.now())
    if not holds:
        complete(promotion, actor=actor)
        return
    promotion.look_again_at = next_look(holds)
    promotion.save(update_fields=["look_again_at"])
    record(
        events.PROMOTION_HELD,
        promotion_subject(promotion),
        actor=None,
        after={"until": promotion.look_again_at and promotion.look_again_at.isoformat()},
        reason=" ".join(hold.text for hold in holds),
    )


def complete(promotion: Promotion, *, actor: User | None) -> None:
    """Moves the version, closes the promotion, and sees to the other promotions this touches."""
    lifecycle.check_move(promotion.version, promotion.to_stage)
    cause = lifecycle.Cause(f"promotion {promotion.pk}", actor)
    replaced = lifecycle.move(promotion.version, promotion.to_stage, cause)
    enter(promotion, Event.MOVED)
    after = {"stage": promotion.to_stage, "replaced": [str(version) for version in replaced]}
    record(events.PROMOTION_COMPLETED, promotion_subject(promotion), actor=actor, after=after)
    notifications.tell_decided(promotion, actor=actor)
    see_to_others(promotion.version.model, because=cause.because)


def see_to_others(model: Model, *, because: str) -> None:
    """Open promotions of a model after something moved: superseded when their own version did, compared anew when
    what is live did."""
    others = Promotion.objects.filter(version__model=model, state__in=OPEN_STATES)
    for pk in list(others.order_by("pk").values_list("pk", flat=True)):
        other = lock_promotion(pk)  # afresh: taking one on may complete it, which moves those after it
        if other.is_open:
            _see_to(other, because)


def _see_to(other: Promotion, because: str) -> None:
    primary = primary_version(other.version.model)
    if other.version.stage != other.from_stage:
        supersede(other, f"{other.version} is {other.version.stage} now, by {because}.")
    elif other.baseline_id != (primary.pk if primary else None):
        _compare_anew(other, primary)


def supersede(promotion: Promotion, because: str) -> None:
    """Closes a promotion that something else made pointless."""
    enter(promotion, Event.SUPERSEDE, closed_because=because)
    record(events.PROMOTION_SUPERSEDED, promotion_subject(promotion), actor=None, reason=because)
    notifications.tell_decided(promotion, actor=None, comment=because)


def _compare_anew(promotion: Promotion, primary: Version | None) -> None:
    before, promotion.baseline = promotion.baseline, primary
    promotion.save(update_fields=["baseline"])
    record(
        events.BASELINE_MOVED,
        promotion_subject(promotion),
        actor=None,
        before={"baseline": str(before or "")},
        after={"baseline": str(primary or "")},
    )
    rules = document_of(promotion).gates
    recheck(promotion)
    because = f"{primary} went live" if primary else "nothing is live any more"
    queue_again(promotion, {rule.key for rule in rules if rule.gate.compares}, because=because)
    advance(promotion)
