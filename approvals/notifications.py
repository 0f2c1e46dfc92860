"""Who hears of what. Letters are put into the outbox in the transaction of what they tell."""

import hashlib
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.template.loader import render_to_string

from accounts.access import people_who_may
from accounts.models import User
from accounts.roles import REVIEW
from approvals.models import GateRun, Outcome, Promotion
from approvals.standing import Marks, barred_people
from work.outbox import write_mail


def tell_reviewers(promotion: Promotion, marks: Marks, *, again: bool) -> None:
    """To those who can fill an open slot and aren't barred. Once for each seal: what they'd see is then the same."""
    barred = barred_people(promotion)
    model = promotion.version.model
    people = people_who_may(REVIEW, model).exclude(pk__in=barred).prefetch_related("groups")
    wanted = [person for person in people if marks.slots_for(person)]
    _write(promotion, "review", wanted, f"review-{promotion.seal}", again=again, runs=marks.runs)


def tell_blocked(promotion: Promotion, runs: Sequence[GateRun]) -> None:
    """To whoever brought it: which gates failed, and what can be done."""
    # What failed and why, not which run found it: the same failure after another go-live is no news.
    told = "".join(f"{run.key} {run.outcome} {run.summary}\n" for run in runs if run.outcome != Outcome.PASSED)
    key = hashlib.sha256(told.encode()).hexdigest()[:16]
    _write(promotion, "blocked", _requesters(promotion), f"blocked-{key}", runs=runs)


def tell_decided(promotion: Promotion, *, actor: User | None, comment: str = "") -> None:
    """To whoever brought it, unless it was their own doing."""
    people = [person for person in _requesters(promotion) if actor is None or person.pk != actor.pk]
    reviews = promotion.reviews.count()
    _write(promotion, "decided", people, f"{promotion.state}-{reviews}", actor=actor, comment=comment)


def _requesters(promotion: Promotion) -> list[User]:
    return [person for person in (promotion.requested_by, promotion.on_behalf_of) if person and person.is_active]


def _write(promotion: Promotion, letter: str, people: Iterable[User], once: str, **context: object) -> None:
    version = promotion.version
    what = f"{version} to {promotion.to_stage}"
    subject = {
        "review": f"Your review: {what}",
        "blocked": f"Blocked: {what}",
        "decided": f"{promotion.get_state_display()}: {what}",
    }[letter]
    runs = context.pop("runs", [])
    failed = [run for run in runs if run.outcome not in {Outcome.PASSED, Outcome.PENDING}]  # type: ignore[attr-defined]
    url = f"{settings.PUBLIC_URL}/promotions/{promotion.pk}/"
    shared = {"promotion": promotion, "version": version, "url": url, "letter": letter, "failed": failed, **context}
    for person in people:
        known = {**shared, "person": person}
        write_mail(
            recipient=person.email,
            subject=subject,
            text=render_to_string(f"mail/{letter}.txt", known),
            html=render_to_string("mail/letter.html", known),
            thread=f"promotion-{promotion.pk}",
            once=f"promotion-{promotion.pk}-{once}-{person.pk}",
        )
