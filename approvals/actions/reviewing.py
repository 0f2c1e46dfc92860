from collections.abc import Collection, Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PersonalReason,
    PromotionMoved,
    Reason,
    demand,
)
from approvals import events, notifications
from approvals.actions.progress import enter, finish_if_filled, lock_promotion
from approvals.models import Acknowledgement, Promotion, Review, Seal, Tick, Verdict
from approvals.permissions import (
    why_not_acknowledge,
    why_not_approve,
    why_not_reject,
    why_not_request_changes,
    why_not_tick,
)
from approvals.permissions.wording import listed
from approvals.policies import PARTS, Slot
from approvals.seals import digest_of, moved_parts, parts_of, title_of
from approvals.standing import Marks, marks_of, next_seat, run_named
from approvals.subjects import promotion_subject
from approvals.transitions import Event
from audit import origin
from audit.actions import record

_WHY_NOT = {
    Verdict.APPROVE: why_not_approve,
    Verdict.REQUEST_CHANGES: why_not_request_changes,
    Verdict.REJECT: why_not_reject,
}


@transaction.atomic
def review_promotion(
    promotion: Promotion,
    *,
    actor: User,
    verdict: str,
    seal: str,
    comment: str = "",
    slot: str = "",
    ticks: Collection[str] = (),
    acknowledgements: Mapping[str, str] | None = None,
) -> Promotion:
    """One person's verdict, with the ticks and acknowledgements that came on the same form: all or nothing.

    Everything is judged again under the lock. Raises Forbidden (a person who can't), PromotionMoved (the seal
    or the state moved since the page was drawn; `details["moved"]` names the parts), Invalid (no reason given,
    open checklist items). The same approval twice is one approval.
    """
    if verdict not in Verdict.values:
        raise Invalid("unknown_verdict", f"{verdict!r} is no verdict.", f"Choose from {', '.join(Verdict.values)}.")
    if verdict != Verdict.APPROVE:
        demand(comment, "Say why: a refusal without a reason helps nobody.", "Write it as the comment.")
    comment = comment.strip()
    promotion = lock_promotion(promotion.pk)
    actor = as_of_now(actor)
    marks = marks_of(promotion)
    if verdict == Verdict.APPROVE and _approved_before(promotion, actor, seal):
        return promotion
    _refuse_if(_WHY_NOT[Verdict(verdict)](marks, actor), promotion)
    # While gates run again there is nothing to seal; a bare refusal rests on the seal that the page still shows.
    bare_refusal = verdict != Verdict.APPROVE and not ticks and not acknowledgements
    if not (bare_refusal and seal == promotion.seal):
        _check_seal(promotion, marks, seal)
    for item in dict.fromkeys(ticks):  # each once, however often it was sent
        _tick(promotion, marks, item, actor)
    for key, why in (acknowledgements or {}).items():
        _acknowledge(promotion, marks, key, actor, why)
    if verdict != Verdict.APPROVE:
        _refuse_promotion(marks, Verdict(verdict), actor, comment, seal)
    else:
        _approve(marks_of(promotion) if ticks or acknowledgements else marks, actor, comment, slot)
    return promotion


def _approved_before(promotion: Promotion, actor: User, seal: str) -> bool:
    return promotion.reviews.filter(reviewer=actor, verdict=Verdict.APPROVE, seal=seal, fell_at=None).exists()


def _refuse_if(reason: Reason | None, promotion: Promotion) -> None:
    """Who can never act is forbidden (403); for who could, it is too late or too early (409): who was faster?"""
    if reason is None:
        return
    if isinstance(reason, PersonalReason):
        raise Forbidden.because(reason)
    latest = promotion.reviews.select_related("reviewer").order_by("-at").first()
    who = f" {latest.reviewer.display_name} {latest.get_verdict_display().lower()} it meanwhile." if latest else ""
    raise PromotionMoved(reason.code, reason.text + who, reason.remedy, moved=[], state=promotion.state)


def _check_seal(promotion: Promotion, marks: Marks, seen: str) -> None:
    parts = parts_of(promotion, marks.runs)
    if seen == digest_of(parts):
        return
    earlier = Seal.objects.filter(promotion=promotion, digest=seen).first()
    titles = {rule.key: rule.shown_title for rule in marks.document.gates}
    moved = moved_parts(earlier.parts, parts, PARTS) if earlier else []
    shown = [title_of(part, titles) for part in moved] or ["something it rests on"]
    raise PromotionMoved(
        "promotion_moved",
        f"Not recorded: {', '.join(shown)} changed since you opened this page.",
        "Look at what changed, then decide again; your words are kept.",
        moved=shown,
    )


def _approve(marks: Marks, actor: User, comment: str, wanted: str) -> None:
    promotion, slot = marks.promotion, _slot_for(marks, actor, wanted)
    _demand_the_rest(marks, slot)
    review = _new_review(marks, Verdict.APPROVE, actor, comment)
    review.slot, review.seat = slot.key, next_seat(marks, slot)
    try:
        with transaction.atomic():
            review.save()
    except IntegrityError as error:
        raise PromotionMoved("slots_filled", "Somebody else has just filled this slot.", moved=[]) from error
    after = {"slot": slot.key, "seal": review.seal}
    record(events.PROMOTION_APPROVED, promotion_subject(promotion), actor=actor, after=after, reason=comment)
    finish_if_filled(marks_of(promotion), actor=actor)


def _demand_the_rest(marks: Marks, slot: Slot) -> None:
    """Raises Invalid that names everything an approval for this slot still lacks, all at once."""
    items, unsure = marks.unticked(slot), marks.unacknowledged
    titles = listed([marks.document.gate(run.key).shown_title for run in unsure]) if unsure else ""
    are = "are" if len(unsure) > 1 else "is"
    steps = [f"tick the {len(items)} open item{'s' if len(items) != 1 else ''}"] if items else []
    steps += [f"say why it is acceptable that {titles} {are} inconclusive"] if unsure else []
    if steps:
        remedy = f"{' and '.join(steps)}, or reject with a reason."
        raise Invalid(
            "checklist_open" if items else "not_acknowledged",
            "Not approved yet.",
            remedy[0].upper() + remedy[1:],
            open_items=[item.key for item in items],
            gates=[run.key for run in unsure],
        )


def _slot_for(marks: Marks, actor: User, wanted: str) -> Slot:
    possible = marks.slots_for(actor)
    for slot in possible:
        if slot.key == wanted or not wanted:
            return slot
    yours = f"Yours: {', '.join(slot.key for slot in possible)}."
    named = marks.document.slot(wanted)
    if named is None:
        raise NotFound("no_such_slot", f"There is no slot named {wanted!r}.", yours)
    if not marks.holds(actor, named):
        raise Forbidden("not_your_slot", f"You can't fill the slot {named.title}.", yours)
    raise PromotionMoved("slots_filled", "This slot has been filled meanwhile.", yours, moved=[])


def _new_review(marks: Marks, verdict: Verdict, actor: User, comment: str) -> Review:
    parts = parts_of(marks.promotion, marks.runs)
    return Review(
        promotion=marks.promotion,
        reviewer=actor,
        verdict=verdict,
        comment=comment,
        seal=digest_of(parts),
        parts=parts,
        channel=origin.present().channel,
    )


def _refuse_promotion(marks: Marks, verdict: Verdict, actor: User, comment: str, seen: str) -> None:
    promotion, review = marks.promotion, _new_review(marks, verdict, actor, comment)
    # While gates run, things are already past the seal that was read; the refusal is bound to what was read.
    sealed = Seal.objects.filter(promotion=promotion, digest=seen).first()
    review.seal, review.parts = seen, sealed.parts if sealed else review.parts
    review.save()
    subject, after = promotion_subject(promotion), {"seal": review.seal}
    if verdict == Verdict.REJECT:
        enter(promotion, Event.REJECT, closed_because=comment)
        record(events.PROMOTION_REJECTED, subject, actor=actor, after=after, reason=comment)
    else:
        enter(promotion, Event.REQUEST_CHANGES)
        record(events.CHANGES_REQUESTED, subject, actor=actor, after=after, reason=comment)
        _take_back_approval(promotion, actor)
    notifications.tell_decided(promotion, actor=actor, comment=comment)


def _take_back_approval(promotion: Promotion, actor: User) -> None:
    own = promotion.reviews.filter(reviewer=actor, verdict=Verdict.APPROVE, fell_at=None)
    own.update(fell_at=timezone.now(), fell_because="its reviewer requested changes")


@transaction.atomic
def tick_item(promotion: Promotion, item: str, *, actor: User, seal: str) -> Promotion:
    """Ticks one checklist item. Raises as `review_promotion` does; an item that is ticked stays as it is."""
    promotion = lock_promotion(promotion.pk)
    actor = as_of_now(actor)
    marks = marks_of(promotion)
    _refuse_if(why_not_tick(marks, actor), promotion)
    _check_seal(promotion, marks, seal)
    _tick(promotion, marks, item, actor)
    finish_if_filled(marks_of(promotion), actor=actor)
    return promotion


def _tick(promotion: Promotion, marks: Marks, key: str, actor: User) -> None:
    item = next((item for item in marks.document.checklist if item.key == key), None)
    if item is None:
        raise NotFound("no_such_item", f"The checklist has no item {key!r}.")
    slot = marks.document.slot(item.slot)
    if slot is not None and not marks.holds(actor, slot):
        raise Forbidden("not_your_item", f"“{item.text}” is for {slot.title}.")
    if key in marks.ticks:
        return
    Tick.objects.create(promotion=promotion, item=key, by=actor, parts=parts_of(promotion, marks.runs))
    record(events.ITEM_TICKED, promotion_subject(promotion), actor=actor, after={"item": key, "text": item.text})


@transaction.atomic
def acknowledge_gate(promotion: Promotion, key: str, *, actor: User, reason: str, digest: str) -> Promotion:
    """A slot holder accepts an inconclusive outcome, the one whose `digest` was on the page, saying why.

    Raises as `review_promotion` does.
    """
    promotion = lock_promotion(promotion.pk)
    actor = as_of_now(actor)
    marks = marks_of(promotion)
    _refuse_if(why_not_acknowledge(marks, actor), promotion)
    _check_outcome(marks, key, digest)
    _acknowledge(promotion, marks, key, actor, reason)
    finish_if_filled(marks_of(promotion), actor=actor)
    return promotion


def _check_outcome(marks: Marks, key: str, seen: str) -> None:
    run = next((run for run in marks.runs if run.key == key), None)
    if run is not None and run in marks.unacknowledged and seen != run.digest:
        text = f"Not recorded: the gate {key} has another result than the one you saw."
        raise PromotionMoved("promotion_moved", text, "Look at it, then decide again.", moved=[f"gate:{key}"])


def _acknowledge(promotion: Promotion, marks: Marks, key: str, actor: User, reason: str) -> None:
    run = run_named(key, marks.runs, promotion)
    if run not in marks.unacknowledged:
        raise Conflict("nothing_to_acknowledge", f"The gate {key} has no inconclusive outcome left to acknowledge.")
    reason = demand(reason, "Say why the inconclusive outcome is acceptable.")
    Acknowledgement.objects.create(gate_run=run, by=actor, reason=reason)
    record(events.GATE_ACKNOWLEDGED, promotion_subject(promotion), actor=actor, after={"gate": key}, reason=reason)
