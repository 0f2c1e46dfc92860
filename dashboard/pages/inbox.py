"""The inbox: what waits for a person, what they asked for, what others decide, what was decided."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q
from django.utils import timezone

from accounts.access import visible
from accounts.models import User
from approvals import events as promotion_events
from approvals.models import OPEN_STATES, AfterReview, Promotion, Review, State, Verdict
from approvals.queries import open_promotions, promotions
from approvals.standing import marks_of_many
from approvals.waiting import after_reviews_waiting_for, by_due_time, marks_waiting_for
from audit.models import AuditEvent
from dashboard.pages.open_promotions import OpenRow, open_rows

SHOWN = 50
SHOWN_OF_OTHERS = 25
SHOWN_DECIDED = 10
SHOWN_TO_LOOK_AT = 10
_DECIDING = (promotion_events.PROMOTION_REJECTED.name, promotion_events.PROMOTION_WITHDRAWN.name)


@dataclass(frozen=True)
class Listing:
    """The first rows of a list, and how many there are."""

    rows: list[OpenRow]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True)
class ToLookAt:
    """The after-reviews that are due first, of those the reader may judge, and how many there are."""

    rows: list[AfterReview]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True)
class Decided:
    """A closed promotion: how it ended, why in somebody's words, and by whom (Assaydesk itself: nobody)."""

    promotion: Promotion
    reason: str
    approvers: list[User]
    decided_by: str


@dataclass(frozen=True)
class OpenLists:
    """The lists of open promotions, which refresh while gates are running."""

    waiting: Listing
    yours: Listing
    others: Listing

    @property
    def rows(self) -> list[OpenRow]:
        return [row for listing in (self.waiting, self.yours, self.others) for row in listing.rows]

    @property
    def is_running(self) -> bool:
        return any(row.progress for row in self.rows)

    @property
    def overdue(self) -> int:
        now = timezone.now()
        return sum(_is_overdue(row.due, now) for row in self.waiting.rows)

    @property
    def fingerprint(self) -> str:
        """Changes when a promotion comes, goes or changes its state; progress alone leaves it as it is."""
        states = [(row.promotion.pk, row.promotion.state, len(row.approvers)) for row in self.rows]
        return hashlib.sha256(repr(states).encode()).hexdigest()[:16]


def open_lists(user: User) -> OpenLists:
    """Open promotions this person can see, each in one list only. The number of queries doesn't grow with them."""
    waiting = marks_waiting_for(user)
    mine = Q(requested_by=user) | Q(on_behalf_of=user)
    rest = visible(open_promotions(), actor=user, model_path="version__model")
    rest = by_due_time(rest.exclude(pk__in=[marks.promotion.pk for marks in waiting]))
    yours, others = list(rest.filter(mine)[:SHOWN]), list(rest.exclude(mine)[:SHOWN_OF_OTHERS])
    marks = {each.promotion.pk: each for each in waiting[:SHOWN]} | marks_of_many([*yours, *others])
    rows = {row.promotion.pk: row for row in open_rows(list(marks.values()), user)}
    return OpenLists(
        waiting=Listing([rows[each.promotion.pk] for each in waiting[:SHOWN]], len(waiting)),
        yours=Listing([rows[promotion.pk] for promotion in yours], rest.filter(mine).count()),
        others=Listing([rows[promotion.pk] for promotion in others], rest.exclude(mine).count()),
    )


def _is_overdue(due: datetime | None, now: datetime) -> bool:
    return due is not None and due < now


def to_look_at(user: User) -> ToLookAt:
    """Two queries, one where all of them are shown."""
    waiting = after_reviews_waiting_for(user)
    rows = list(waiting[: SHOWN_TO_LOOK_AT + 1])
    return ToLookAt(rows[:SHOWN_TO_LOOK_AT], len(rows) if len(rows) <= SHOWN_TO_LOOK_AT else waiting.count())


def recently_decided(user: User) -> list[Decided]:
    """The last promotions that closed, of those the person can see; what moved by itself nobody decided."""
    closed = visible(promotions(), actor=user, model_path="version__model").exclude(state__in=OPEN_STATES)
    closed = closed.exclude(state=State.COMPLETED, policy_revision__seats=0)
    reviews = Review.objects.filter(fell_at=None).select_related("reviewer").order_by("at")
    found = list(closed.order_by("-closed_at", "-pk").prefetch_related(Prefetch("reviews", reviews))[:SHOWN_DECIDED])
    return _decided(found, _deciders(found))


def _decided(found: Iterable[Promotion], deciders: dict[str, str]) -> list[Decided]:
    decided = []
    for promotion in found:
        approvals = [review for review in promotion.reviews.all() if review.verdict == Verdict.APPROVE]
        completed = promotion.state == State.COMPLETED
        said = next((review.comment for review in reversed(approvals) if review.comment), "")
        decided.append(
            Decided(
                promotion=promotion,
                reason=said if completed else promotion.closed_because,
                approvers=[review.reviewer for review in approvals] if completed else [],
                decided_by=deciders.get(str(promotion.pk), ""),
            )
        )
    return decided


def _deciders(found: Iterable[Promotion]) -> dict[str, str]:
    """Who rejected or withdrew, from the record, by the promotion's id as text."""
    ids = [str(promotion.pk) for promotion in found]
    told = AuditEvent.objects.filter(subject_kind="promotion", subject_id__in=ids, verb__in=_DECIDING)
    return dict(told.order_by("id").values_list("subject_id", "actor_name"))
