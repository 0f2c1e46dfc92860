"""Letters about a model: what an operator did to it, and what somebody should look at afterwards."""

from django.utils import timezone

from accounts.access import people_who_may
from accounts.models import User
from accounts.roles import OPERATE, REVIEW
from approvals.models import AfterReview
from approvals.notifications import tell
from registry.models import Model


def tell_after_review(after_review: AfterReview) -> None:
    """To those who may judge it: the model's reviewers, without the one whose act it was."""
    people = people_who_may(REVIEW, after_review.model).exclude(pk=after_review.actor_id)
    actor = after_review.actor.display_name
    lines = [f"{actor}: {after_review.reason}", f"Say by {after_review.due_at:%-d %B %Y} whether it was right."]
    title = f"To look at afterwards: {after_review.subject}"
    once = f"after-review-{after_review.pk}"
    tell(
        after_review.model,
        letter="after_review",
        people=people,
        once=once,
        title=title,
        lines=lines,
        path="/exceptions/",
        button="Look at it",
    )


def tell_operators(model: Model, *, title: str, reason: str, actor: User) -> None:
    """To the model's operators and owners' side: what is live changed without a promotion."""
    people = people_who_may(OPERATE, model).exclude(pk=actor.pk)
    lines = [f"{actor.display_name}: {reason}"]
    once = f"operated-{model.pk}-{timezone.now().timestamp()}"
    tell(model, letter="operated", people=people, once=once, title=title, lines=lines, urgent=True)
