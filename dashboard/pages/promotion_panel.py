"""The decision panel: what is asked of the reader, what others have done, who is still needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.access import people_who_may
from accounts.models import User
from accounts.reasons import Reason, Refusal
from accounts.roles import REVIEW
from approvals.models import Acknowledgement, GateRun, Outcome, Promotion, Review, State
from approvals.permissions import (
    why_never_decide,
    why_not_approve,
    why_not_reject,
    why_not_request_changes,
    why_not_resubmit,
    why_not_tick,
    why_not_withdraw,
)
from approvals.policies import Slot
from approvals.standing import Marks, acknowledgement_of, barred_people
from dashboard.forms.decision import Typed

#: Reasons why there is nothing left to approve; for all others the button stays and pressing it explains.
NOTHING_TO_APPROVE = {"approved_already", "slots_filled", "closed"}
NAMES_SHOWN = 3


@dataclass(frozen=True)
class Item:
    """A checklist item: ticked by somebody, the reader's to tick, or for another slot (`whose`)."""

    key: str
    text: str
    ticked_by: User | None
    ticked_at: datetime | None
    whose: str
    is_readers: bool
    checked: bool
    is_missing: bool


@dataclass(frozen=True)
class Seat:
    """One place of a slot: filled by an approval that counts, or by whom it can be filled."""

    title: str
    approval: Review | None
    candidates: str


@dataclass(frozen=True)
class Unsure:
    """An inconclusive gate that a slot holder must accept with a reason before an approval counts."""

    key: str
    title: str
    summary: str
    words: str
    is_missing: bool


@dataclass(frozen=True)
class Panel:
    """What the panel shows. With `why_never` set there is no decision form, only the reason."""

    promotion: Promotion
    why_never: Reason | None
    why_not_now: Reason | None
    offers: list[str]
    slots: list[Slot]
    items: list[Item]
    unsure: list[Unsure]
    accepted: list[tuple[str, Acknowledgement]]
    still_to_come: list[str]
    seats: list[Seat]
    sent: Typed
    refusal: Refusal | None
    may_withdraw: bool
    may_resubmit: bool

    @property
    def ticked(self) -> int:
        return sum(item.ticked_by is not None for item in self.items)

    @property
    def missing(self) -> int:
        return sum(item.is_missing for item in self.items)

    @property
    def approvals(self) -> int:
        return sum(seat.approval is not None for seat in self.seats)

    @property
    def needed(self) -> list[Seat]:
        """The places that nobody has filled."""
        return [seat for seat in self.seats if seat.approval is None]

    @property
    def asked_for(self) -> list[tuple[str, str]]:
        """What the refused form lacks: the field it belongs into, and what it is about."""
        items = [(f"tick-{item.key}", item.text) for item in self.items if item.is_missing]
        return items + [(f"acknowledge-{gate.key}", gate.title) for gate in self.unsure if gate.is_missing]

    @property
    def lacks_reason(self) -> bool:
        """Whether what was sent is refused for want of a reason."""
        return self.refusal is not None and self.refusal.reason.code == "no_reason"

    @property
    def is_asked(self) -> bool:
        """Whether the reader's mark is wanted now."""
        return self.why_never is None and self.why_not_now is None

    @property
    def chosen_slot(self) -> str:
        keys = [slot.key for slot in self.slots]
        return self.sent.slot if self.sent.slot in keys else (keys[0] if keys else "")


def panel_of(marks: Marks, reader: User, sent: Typed, refusal: Refusal | None) -> Panel:
    """The panel for a reader whose groups are prefetched; two queries for the people who can decide."""
    promotion = marks.promotion
    able = _able_to_fill(marks)
    never = why_never_decide(marks, reader)
    not_now = None if never else why_not_approve(marks, reader)
    return Panel(
        promotion=promotion,
        why_never=never,
        why_not_now=not_now,
        offers=[] if never else _offers(marks, reader, not_now),
        slots=[] if never else _slots(marks, reader, able),
        items=_items(marks, reader, sent, refusal),
        unsure=[_unsure(marks, run, sent, refusal) for run in marks.unacknowledged] if promotion.is_open else [],
        accepted=[
            (marks.document.gate(run.key).shown_title, acknowledged)
            for run in marks.runs
            if (acknowledged := acknowledgement_of(run)) is not None
        ],
        still_to_come=[
            marks.document.gate(run.key).shown_title for run in marks.runs if run.outcome == Outcome.WAITING
        ],
        seats=_seats(marks, reader, able),
        sent=sent if sent.form in {"review", "requester"} else Typed(),
        refusal=refusal if sent.form in {"review", "requester"} else None,
        may_withdraw=why_not_withdraw(promotion, reader) is None,
        may_resubmit=why_not_resubmit(promotion, reader) is None,
    )


def _offers(marks: Marks, reader: User, not_now: Reason | None) -> list[str]:
    """The verdicts that are offered as buttons."""
    decided = marks.promotion.state == State.APPROVED or (not_now and not_now.code in NOTHING_TO_APPROVE)
    offers = [] if decided else ["approve"]
    if why_not_reject(marks, reader) is None:
        offers.append("reject")
    if why_not_request_changes(marks, reader) is None:
        offers.append("request_changes")
    return offers


def _items(marks: Marks, reader: User, sent: Typed, refusal: Refusal | None) -> list[Item]:
    may_tick = why_not_tick(marks, reader) is None
    missing = _named(refusal, "open_items")
    items = []
    for item in marks.document.checklist:
        tick, slot = marks.ticks.get(item.key), marks.document.slot(item.slot)
        is_readers = may_tick and tick is None and (slot is None or marks.holds(reader, slot))
        items.append(
            Item(
                key=item.key,
                text=item.text,
                ticked_by=tick.by if tick else None,
                ticked_at=tick.at if tick else None,
                whose=slot.title if slot else "",
                is_readers=is_readers,
                checked=item.key in sent.ticks,
                is_missing=is_readers and item.key in missing,
            )
        )
    return items


def _unsure(marks: Marks, run: GateRun, sent: Typed, refusal: Refusal | None) -> Unsure:
    return Unsure(
        key=run.key,
        title=marks.document.gate(run.key).shown_title,
        summary=run.summary,
        words=sent.acknowledgements.get(run.key, ""),
        is_missing=run.key in _named(refusal, "gates"),
    )


def _named(refusal: Refusal | None, what: str) -> list[str]:
    return refusal.details.get(what, []) if refusal else []


def _able_to_fill(marks: Marks) -> dict[str, list[User]]:
    """The people who could fill each open slot, by its key."""
    if not marks.promotion.is_open or not marks.open_slots:
        return {}
    able = people_who_may(REVIEW, marks.promotion.version.model).exclude(pk__in=barred_people(marks.promotion))
    people = list(able.prefetch_related("groups"))
    return {slot.key: [each for each in people if slot in marks.slots_for(each)] for slot in marks.open_slots}


def _slots(marks: Marks, reader: User, able: dict[str, list[User]]) -> list[Slot]:
    """The reader's slots, first the one that the fewest others could fill: it is most likely meant."""
    return sorted(marks.slots_for(reader), key=lambda slot: len(able.get(slot.key, [])))


def _seats(marks: Marks, reader: User, able: dict[str, list[User]]) -> list[Seat]:
    seats = []
    for slot in marks.document.slots:
        # What completed a promotion stays given, whatever became of its giver's role.
        given = marks.counting(slot) if marks.promotion.is_open else _given(marks, slot)
        waiting = _names(able.get(slot.key, []), reader)
        seats += [Seat(slot.title, review, "") for review in given]
        seats += [Seat(slot.title, None, waiting)] * max(slot.count - len(given), 0)
    return seats


def _given(marks: Marks, slot: Slot) -> list[Review]:
    return [review for review in marks.approvals if review.slot == slot.key]


def _names(people: Iterable[User], reader: User) -> str:
    """`You or Owen Hughes`; the reader first, a long list cut."""
    names = ["You" if each.pk == reader.pk else each.display_name for each in people]
    names.sort(key=lambda name: name != "You")
    if len(names) > NAMES_SHOWN:
        names = [*names[: NAMES_SHOWN - 1], f"{len(names) - NAMES_SHOWN + 1} others"]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
