"""Who hears of what. Letters are put into the outbox in the transaction of what they tell."""

import hashlib
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from accounts.access import people_who_may
from accounts.letters import Letter, write_letters
from accounts.models import User
from accounts.roles import OPERATE, REVIEW, VIEW
from approvals.clock import by_the_clock
from approvals.models import AfterReview, GateRun, Outcome, Promotion
from approvals.standing import Marks, barred_people, responsible
from registry.models import Model


def tell_reviewers(promotion: Promotion, marks: Marks, *, again: bool) -> None:
    """To those who can fill an open slot and aren't barred. Once for each seal: what they'd see is then the same."""
    tell(
        promotion,
        letter="review",
        people=_who_can_decide(marks),
        once=f"review-{promotion.seal}",
        title="Your review is asked for again" if again else "Your review is asked for",
        lines=[
            f"{promotion.requested_by.display_name} wants {promotion.version} in {promotion.to_stage}.",
            *(["Something that your mark rests on changed since you were asked."] if again else []),
            *([f"It would replace {promotion.baseline}."] if promotion.baseline else []),
            f"Due {by_the_clock(promotion.due_at)}.",
        ],
        said=promotion.reason,
        points=_points(marks.runs),
        button="Look and decide",
    )


def tell_blocked(promotion: Promotion, runs: Sequence[GateRun]) -> None:
    """To whoever sees to it: which gates failed, and what can be done."""
    # What failed and why, not which run found it: the same failure after another go-live is no news.
    told = "".join(f"{run.key} {run.outcome} {run.summary}\n" for run in runs if run.outcome != Outcome.PASSED)
    key = hashlib.sha256(told.encode()).hexdigest()[:16]
    tell(
        promotion,
        letter="blocked",
        people=responsible(promotion),
        once=f"blocked-{key}",
        title="A gate is in the way",
        lines=[f"{promotion.version} can’t go to {promotion.to_stage} yet."],
        points=_points(runs),
        button="See what can be done",
    )


def tell_decided(promotion: Promotion, *, actor: User | None, comment: str = "") -> None:
    """To whoever sees to it, unless it was their own doing."""
    became = promotion.get_state_display()
    by = f" by {actor.display_name}" if actor else ""
    tell(
        promotion,
        letter="decided",
        people=[person for person in responsible(promotion) if actor is None or person.pk != actor.pk],
        once=f"{promotion.state}-{promotion.reviews.count()}",
        title=f"{became}{by}",
        lines=[f"The promotion of {promotion.version} to {promotion.to_stage} is {became.lower()}."],
        said=comment or promotion.closed_because,
    )


def remind_reviewers(promotion: Promotion, marks: Marks) -> None:
    """To those whose slot is still open, before it is due."""
    assert promotion.due_at is not None
    tell(
        promotion,
        letter="reminder",
        people=_who_can_decide(marks),
        once=f"reminder-{promotion.due_at:%Y%m%dT%H%M}",
        title=f"Your review is due {by_the_clock(promotion.due_at)}",
        lines=[f"{promotion.version} to {promotion.to_stage} still waits for: {_open_slots(marks)}."],
        button="Look and decide",
    )


def tell_overdue(promotion: Promotion, marks: Marks) -> None:
    """To those whose slot is still open, once; also to who chose one letter a day, because somebody waits."""
    assert promotion.due_at is not None
    tell(
        promotion,
        letter="overdue",
        people=_who_can_decide(marks),
        once=f"overdue-{promotion.due_at:%Y%m%dT%H%M}",
        title="Your review is overdue",
        lines=[
            f"{promotion.version} to {promotion.to_stage} was due {by_the_clock(promotion.due_at)} "
            f"and still waits for: {_open_slots(marks)}.",
        ],
        button="Look and decide",
        urgent=True,
    )


def escalate(promotion: Promotion, marks: Marks) -> None:
    """To the policy's escalation group, of whom those hear who may see the model: who hasn't decided in time."""
    assert promotion.due_at is not None
    named = people_who_may(VIEW, promotion.version.model).filter(groups__name=marks.document.escalate_to)
    awaited = _joined([person.display_name for person in _who_can_decide(marks)]) or "nobody who could decide"
    tell(
        promotion,
        letter="escalated",
        people=named if marks.document.escalate_to else [],
        once=f"escalated-{promotion.due_at:%Y%m%dT%H%M}",
        title="A review is overdue",
        lines=[
            f"{promotion.version} to {promotion.to_stage} was due {by_the_clock(promotion.due_at)}.",
            f"Open: {_open_slots(marks)}. It waits for {awaited}.",
        ],
        urgent=True,
    )


def tell_after_review(after_review: AfterReview) -> None:
    """To those who may judge it: the model's reviewers, without the one whose act it was."""
    actor = after_review.actor.display_name
    tell(
        after_review.model,
        letter="after_review",
        people=people_who_may(REVIEW, after_review.model).exclude(pk=after_review.actor_id),
        once=f"after-review-{after_review.pk}",
        title=f"To look at afterwards: {after_review.subject}",
        lines=[f"{actor}: {after_review.reason}", f"Say by {by_the_clock(after_review.due_at)} whether it was right."],
        path="/exceptions/",
        button="Look at it",
    )


def tell_operators(model: Model, *, title: str, reason: str, actor: User) -> None:
    """To the model's other operators: what is live changed without a promotion."""
    tell(
        model,
        letter="operated",
        people=people_who_may(OPERATE, model).exclude(pk=actor.pk),
        once=f"operated-{model.pk}-{timezone.now().timestamp()}",
        title=title,
        lines=[f"{actor.display_name}: {reason}"],
        urgent=True,
    )


def tell(
    about: Promotion | Model,
    *,
    letter: str,
    people: Iterable[User],
    once: str,
    title: str,
    lines: Sequence[str] = (),
    said: str = "",
    points: Sequence[tuple[str, str]] = (),
    path: str = "",
    button: str = "",
    urgent: bool = False,
) -> None:
    """Writes one letter of the kind `letter` to each of the people, as they chose to get letters.

    `title` is its first line, `lines` are paragraphs, `said` somebody's own words, `points` pairs of a bold word
    and what follows it. The button leads to the promotion or model unless a `path` is given. The same `once` about
    the same thing writes nothing again to the same person. Letters about a promotion make one thread.
    """
    subject, thread, page = _named(about, title)
    written = Letter(
        kind=letter,
        subject=subject,
        title=title,
        link=settings.PUBLIC_URL + (path or page),
        button=button or f"Open the {'promotion' if isinstance(about, Promotion) else 'model'}",
        lines=lines,
        said=said,
        points=points,
        urgent=urgent,
    )
    kind = "promotion" if isinstance(about, Promotion) else "model"
    write_letters(people, written, thread=thread, once=f"{kind}-{about.pk}-{once}")


def _named(about: Promotion | Model, title: str) -> tuple[str, str, str]:
    """Subject, thread and page. A subject that changed with the news would tear a thread apart in mail programs."""
    if isinstance(about, Promotion):
        subject = f"{about.version} to {about.to_stage} (promotion {about.pk})"
        return subject, f"promotion-{about.pk}", f"/promotions/{about.pk}/"
    return title, "", f"/models/{about.name}/"


def _points(runs: Iterable[GateRun]) -> list[tuple[str, str]]:
    told = [run for run in runs if run.outcome not in {Outcome.PASSED, Outcome.PENDING}]
    return [(run.get_outcome_display(), run.summary) for run in told]


def _who_can_decide(marks: Marks) -> list[User]:
    barred = barred_people(marks.promotion)
    people = people_who_may(REVIEW, marks.promotion.version.model).exclude(pk__in=barred).prefetch_related("groups")
    return [person for person in people if marks.slots_for(person)]


def _open_slots(marks: Marks) -> str:
    return ", ".join(slot.title or slot.key for slot in marks.open_slots)


def _joined(names: Sequence[str]) -> str:
    return " or ".join(", ".join(names).rsplit(", ", 1))
