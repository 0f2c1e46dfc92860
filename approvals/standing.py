"""Which marks on a promotion stand, and what is still open. Reads only; both doors and the actions ask here."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db.models import Q, QuerySet

from accounts.models import RoleGrant, User
from accounts.reasons import NotFound
from accounts.roles import REVIEW, Role, roles_permitting
from approvals.models import Acknowledgement, GateRun, Outcome, Promotion, Review, Tick, Verdict
from approvals.policies import ChecklistItem, Document, Slot, read_document
from approvals.seals import standing_waiver

Marked = TypeVar("Marked", GateRun, Review, Tick)


@dataclass(frozen=True)
class Marks:
    """A promotion with its policy, current gate runs and standing marks, read together in a few queries."""

    promotion: Promotion
    document: Document
    runs: list[GateRun]
    approvals: list[Review]
    ticks: dict[str, Tick]
    grants: list[RoleGrant]

    @property
    def in_the_way(self) -> list[GateRun]:
        """The runs that block: failed without a waiver. Where nobody is asked, nobody could acknowledge either."""
        blocking = {Outcome.FAILED, Outcome.ERROR}
        if not self.document.slots:
            blocking.add(Outcome.INCONCLUSIVE)
        return [run for run in self.runs if run.outcome in blocking and standing_waiver(run) is None]

    @property
    def waiver_givers(self) -> set[int]:
        return {waiver.by_id for run in self.runs if (waiver := standing_waiver(run)) is not None}

    @property
    def only_waiver_givers_approved(self) -> bool:
        """Whether nobody approved but those who made the exceptions: they can't be the only ones."""
        return self.approvers <= self.waiver_givers

    @property
    def approvers(self) -> set[int]:
        """Whose approval counts now; one who left is no second pair of eyes."""
        return {review.reviewer_id for slot in self.document.slots for review in self.counting(slot)}

    @property
    def is_filled(self) -> bool:
        """Whether every slot is filled by people who still may, every item ticked, every doubt acknowledged."""
        if self.open_slots or self.unacknowledged or self.in_the_way:
            return False
        unticked = any(item.key not in self.ticks for item in self.document.checklist)
        return not unticked and not (self.waiver_givers and self.only_waiver_givers_approved)

    @property
    def unacknowledged(self) -> list[GateRun]:
        return [
            run
            for run in self.runs
            if run.outcome == Outcome.INCONCLUSIVE
            and not hasattr(run, "acknowledgement")
            and standing_waiver(run) is None
        ]

    def counting(self, slot: Slot) -> list[Review]:
        """The slot's approvals that count now: by people who are active and still hold the right."""
        return [review for review in self.approvals if review.slot == slot.key and self.holds(review.reviewer, slot)]

    def holds(self, user: User, slot: Slot) -> bool:
        """Whether the user may sit in the slot at all, by a grant that somebody else gave them."""
        return user.is_active and not user.is_service and slot.admits(user) and bool(self.grants_of(user, slot))

    def grants_of(self, user: User, slot: Slot) -> list[RoleGrant]:
        groups = {group.pk for group in user.groups.all()}
        permitting = roles_permitting(slot.permission)
        return [
            grant
            for grant in self.grants
            if grant.role in permitting
            and (grant.user_id == user.pk or grant.group_id in groups)
            and grant.granted_by_id != user.pk
        ]

    def approver_by_others(self, user: User) -> bool:
        """Whether somebody else made this person an approver."""
        return bool(self.grants_of(user, EXCEPTION_SLOT))

    @property
    def places_left(self) -> int:
        return sum(slot.count - len(self.counting(slot)) for slot in self.open_slots)

    @property
    def open_slots(self) -> list[Slot]:
        return [slot for slot in self.document.slots if len(self.counting(slot)) < slot.count]

    def slots_for(self, user: User) -> list[Slot]:
        """The open slots this person could fill, those only approvers can first; none for who has approved."""
        if any(review.reviewer_id == user.pk for review in self.approvals):
            return []
        fillable = [slot for slot in self.open_slots if self.holds(user, slot)]
        return sorted(fillable, key=lambda slot: slot.role != Role.APPROVER)

    def unticked(self, slot: Slot) -> list[ChecklistItem]:
        return [item for item in self.document.items_of(slot.key) if item.key not in self.ticks]


def marks_of(promotion: Promotion) -> Marks:
    return marks_of_many([promotion])[promotion.pk]


def marks_of_many(promotions: Collection[Promotion]) -> dict[int, Marks]:
    """Marks by the promotion's primary key, in as many queries for a hundred promotions as for one."""
    own = {promotion.pk: promotion for promotion in promotions}
    runs = _with_marks(GateRun.objects.filter(promotion__in=own, is_current=True))
    approvals = Review.objects.filter(promotion__in=own, verdict=Verdict.APPROVE, fell_at=None)
    approvals = approvals.select_related("reviewer").prefetch_related("reviewer__groups")
    ticks = Tick.objects.filter(promotion__in=own, fell_at=None).select_related("by")
    runs_of = _by_promotion(runs.order_by("position"), own)
    approvals_of = _by_promotion(approvals.order_by("at"), own)
    ticks_of = _by_promotion(ticks, own)
    grants = _reviewing_grants({promotion.version.model_id for promotion in promotions})
    return {
        pk: Marks(
            promotion=promotion,
            document=document_in_force(promotion, runs_of[pk]),
            runs=runs_of[pk],
            approvals=approvals_of[pk],
            ticks={tick.item: tick for tick in ticks_of[pk]},
            grants=[grant for grant in grants if grant.model_id in {None, promotion.version.model_id}],
        )
        for pk, promotion in own.items()
    }


def _by_promotion(rows: Iterable[Marked], promotions: Mapping[int, Promotion]) -> defaultdict[int, list[Marked]]:
    found: defaultdict[int, list[Marked]] = defaultdict(list)
    for row in rows:
        row.promotion = promotions[row.promotion_id]
        found[row.promotion_id].append(row)
    return found


def _reviewing_grants(model_ids: Collection[int]) -> list[RoleGrant]:
    anywhere = Q(model__in=model_ids) | Q(model=None)
    grants = RoleGrant.objects.filter(anywhere, role__in=roles_permitting(REVIEW))
    return list(grants.select_related("user", "group"))


def current_runs(promotion: Promotion) -> list[GateRun]:
    return list(_with_marks(promotion.gate_runs.filter(is_current=True)).order_by("position"))


def run_named(key: str, runs: Iterable[GateRun], promotion: Promotion) -> GateRun:
    """The promotion's run of the gate with this key. Raises NotFound."""
    run = next((run for run in runs if run.key == key), None)
    if run is None:
        raise NotFound("no_such_gate", f"Promotion {promotion.pk} has no gate {key!r}.")
    return run


def _with_marks(runs: QuerySet[GateRun]) -> QuerySet[GateRun]:
    return runs.select_related("job", "acknowledgement__by").prefetch_related("waivers__by")


#: Who decides where a policy asks nobody, once an exception was made: a waived gate ends automatic movement.
EXCEPTION_SLOT = Slot("exception", "Exception", Role.APPROVER)


def document_in_force(promotion: Promotion, runs: Collection[GateRun]) -> Document:
    """The promotion's policy; where it has no slots but a gate was waived, with the slot for exceptions."""
    document = document_of(promotion)
    if document.slots or not any(standing_waiver(run) for run in runs):
        return document
    return replace(document, slots=(EXCEPTION_SLOT,))


def document_of(promotion: Promotion) -> Document:
    revision = promotion.policy_revision
    return read_document(revision.document, target_stage=revision.target_stage)


def barred_people(promotion: Promotion) -> dict[int, str]:
    """Who can't decide on this promotion because they brought it, by primary key, with what they did."""
    version = promotion.version
    did = {
        version.registered_by_id: "you registered this version",
        version.on_behalf_of_id: "this version was registered on your behalf",
        promotion.on_behalf_of_id: "this promotion was requested on your behalf",
        promotion.requested_by_id: "you requested this promotion",
    }
    did |= {takeover.by_id: "you took this promotion over" for takeover in promotion.takeovers.all()}
    return {pk: what for pk, what in did.items() if pk is not None}


def responsible(promotion: Promotion) -> list[User]:
    """The active people who see to the promotion: who asked for it or took it over last, and who it is for."""
    takeovers = list(promotion.takeovers.all())
    first = takeovers[-1].by if takeovers else promotion.requested_by
    return [person for person in (first, promotion.on_behalf_of) if person is not None and person.is_active]


def next_seat(marks: Marks, slot: Slot) -> int:
    """The first free place of a slot; places of approvals that no longer count are free again once they fell."""
    taken = Counter(review.seat for review in marks.approvals if review.slot == slot.key)
    return next(seat for seat in range(slot.count + len(taken)) if not taken[seat])


def acknowledgement_of(run: GateRun) -> Acknowledgement | None:
    return getattr(run, "acknowledgement", None)
