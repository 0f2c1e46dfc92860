"""What stands above a promotion: what holds it back, a newer policy, a requester who left, a moved baseline."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from approvals import events
from approvals.holds import Hold, defect_holds, holds_of
from approvals.models import PolicyRevision, Promotion, State
from approvals.permissions import why_not_restart, why_not_take_over
from approvals.queries import policy_in_force
from approvals.standing import Marks, responsible
from audit.queries import events_about


@dataclass(frozen=True)
class Notices:
    """`newer` is the revision in force, where the promotion runs under another one. `defects` are the bugs that will
    hold it back when it is approved; afterwards they are among the `holds`. `compared_before` names what an open
    promotion was compared with before its baseline last moved: None when it never did, "" for nothing."""

    holds: list[Hold]
    defects: list[Hold]
    newer: PolicyRevision | None
    may_restart: bool
    nobody_sees_to_it: bool
    may_take_over: bool
    compared_before: str | None

    @property
    def any(self) -> bool:
        return bool(self.holds or self.defects or self.newer or self.nobody_sees_to_it or self.may_take_over)


def notices_of(marks: Marks, reader: User) -> Notices:
    promotion = marks.promotion
    if not promotion.is_open:
        return Notices(
            [], [], None, may_restart=False, nobody_sees_to_it=False, may_take_over=False, compared_before=None
        )
    in_force = policy_in_force(promotion.version.model, promotion.to_stage)
    newer = in_force if in_force is not None and in_force.pk != promotion.policy_revision_id else None
    return Notices(
        holds=holds_of(marks, timezone.now()) if promotion.state == State.APPROVED else [],
        defects=defect_holds(promotion) if promotion.state != State.APPROVED else [],
        newer=newer,
        may_restart=why_not_restart(promotion, reader, in_force) is None,
        nobody_sees_to_it=not responsible(promotion),
        may_take_over=why_not_take_over(promotion, reader) is None,
        compared_before=_compared_before(promotion),
    )


def _compared_before(promotion: Promotion) -> str | None:
    moves = events_about("promotion", str(promotion.pk)).filter(verb=events.BASELINE_MOVED.name)
    last = moves.order_by("-id").first()
    if last is None:
        return None
    name = str(last.before.get("baseline", "")) if isinstance(last.before, dict) else ""
    return name.removeprefix(f"{promotion.version.model.name} ")
