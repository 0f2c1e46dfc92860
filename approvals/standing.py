"""Which marks on a promotion stand, and what is still open. Reads only; both doors and the actions ask here."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q

from accounts.models import RoleGrant, User
from accounts.roles import REVIEW, Role, roles_permitting
from approvals.models import Acknowledgement, GateRun, Outcome, Promotion, Review, Tick, Verdict
from approvals.policies import ChecklistItem, Document, Slot, read_document

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
    def unacknowledged(self) -> list[GateRun]:
        return [run for run in self.runs if run.outcome == Outcome.INCONCLUSIVE and not hasattr(run, "acknowledgement")]

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
    runs = GateRun.objects.filter(promotion__in=own, is_current=True).select_related("job", "acknowledgement__by")
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
            document=document_of(promotion),
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
    runs = promotion.gate_runs.filter(is_current=True).select_related("job", "acknowledgement__by")
    return list(runs.order_by("position"))


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
    return {pk: what for pk, what in did.items() if pk is not None}


def next_seat(marks: Marks, slot: Slot) -> int:
    """The first free place of a slot; places of approvals that no longer count are free again once they fell."""
    taken = Counter(review.seat for review in marks.approvals if review.slot == slot.key)
    return next(seat for seat in range(slot.count + len(taken)) if not taken[seat])


def acknowledgement_of(run: GateRun) -> Acknowledgement | None:
    return getattr(run, "acknowledgement", None)
