"""What waits for whom: the same answer for the inbox, its count, and the letter that lists it."""

from datetime import datetime

from django.db.models import F, QuerySet, prefetch_related_objects

from accounts.access import visible
from accounts.models import User
from accounts.roles import REVIEW
from approvals.models import AfterReview, Promotion, State
from approvals.queries import after_reviews, open_promotions
from approvals.standing import Marks, barred_people, marks_of_many

#: In the other open states the next step is the requester's, or nobody's.
REVIEWERS_ARE_NEXT = (State.CHECKING, State.IN_REVIEW)


def by_due_time(promotions: QuerySet[Promotion]) -> QuerySet[Promotion]:
    """The most urgent first; what isn't in review yet has no due time and follows, oldest first."""
    return promotions.order_by(F("due_at").asc(nulls_last=True), "opened_at", "pk")


def due_time(promotion: Promotion) -> datetime | None:
    """When its reviewers should have decided; None while that isn't asked of them: a gate failed, or changes were
    requested. The time once set is kept, and holds again when the promotion comes back to them."""
    return promotion.due_at if promotion.state == State.IN_REVIEW else None


def marks_waiting_for(user: User) -> list[Marks]:
    """The open promotions whose next mark this person can give, the most urgent first; a few queries in all."""
    promotions = visible(open_promotions(), actor=user, permission=REVIEW, model_path="version__model")
    marks = marks_of_many(by_due_time(promotions.filter(state__in=REVIEWERS_ARE_NEXT)))
    prefetch_related_objects([user], "groups")
    return [each for each in marks.values() if can_decide(each, user)]


def after_reviews_waiting_for(user: User) -> QuerySet[AfterReview]:
    """What was done without asking first and this person may judge, the soonest due first: not their own acts."""
    if user.is_service:
        return AfterReview.objects.none()
    found = visible(after_reviews(), actor=user, permission=REVIEW, model_path="model")
    return found.filter(verdict="").exclude(actor=user).order_by("due_at", "pk")


def can_decide(marks: Marks, user: User) -> bool:
    """Whether an open slot of the promotion is this person's to fill."""
    return user.pk not in barred_people(marks.promotion) and bool(marks.slots_for(user))
