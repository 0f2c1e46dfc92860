"""What was live: each stretch in Production, who approved it, and how it ended."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from approvals.models import Review, Verdict
from dashboard.pages.operating import Rollback
from registry.models import Model, StageTerm
from registry.queries import production_history

TERMS_SHOWN = 20
_BY_PROMOTION = re.compile(r"promotion (\d+)")


@dataclass(frozen=True)
class Term:
    """A stretch in Production with those who approved it, as far as a promotion began it; else with who began it.

    `why` is the reason given for a rollback, `why_ended` the one for how it ended; both "" where there is none.
    """

    term: StageTerm
    approvers: list[User]
    began_by: str
    can_return: bool

    @property
    def why(self) -> str:
        return self.term.started_because.partition("rollback: ")[2]

    @property
    def why_ended(self) -> str:
        return re.split("rollback: |take-down: ", self.term.ended_because, maxsplit=1)[-1]


def terms_of(model: Model, before: int | None, rollback: Rollback | None) -> tuple[list[Term], int | None]:
    """A page of them, newest first, with the key to go on from (None on the last page). `before`: that key."""
    history = production_history(model).order_by("-pk")
    if before is not None:
        history = history.filter(pk__lt=before)
    found = list(history[: TERMS_SHOWN + 1])
    page = found[:TERMS_SHOWN]
    approvers = _approvers_by_promotion(page)
    # Only beside the last of a version's terms: earlier ones would offer the same.
    returning = {target.term.pk for target in rollback.targets if target.why_not is None} if rollback else set()
    names = _names([term.started_by for term in page])
    terms = [
        Term(term, approvers[_promotion_of(term)], names.get(term.started_by, term.started_by), term.pk in returning)
        for term in page
    ]
    return terms, page[-1].pk if len(found) > TERMS_SHOWN else None


def _names(usernames: Iterable[str]) -> dict[str, str]:
    return {each.username: each.display_name for each in User.objects.filter(username__in=usernames)}


def _promotion_of(term: StageTerm) -> int:
    """The promotion that began the term, by its number; 0 for none."""
    match = _BY_PROMOTION.fullmatch(term.started_because)
    return int(match[1]) if match else 0


def _approvers_by_promotion(terms: Iterable[StageTerm]) -> defaultdict[int, list[User]]:
    reviews = Review.objects.filter(promotion__in=[_promotion_of(term) for term in terms], fell_at=None)
    approvers: defaultdict[int, list[User]] = defaultdict(list)
    for review in reviews.filter(verdict=Verdict.APPROVE).select_related("reviewer").order_by("at"):
        approvers[review.promotion_id].append(review.reviewer)
    return approvers
