"""What was let through or done without asking first, and who has looked at it since."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from accounts.access import people_who_may_on, visible
from accounts.models import User
from accounts.reasons import Reason, Refusal
from accounts.roles import REVIEW
from approvals.models import Acknowledgement, AfterReview, Waiver
from approvals.permissions import why_not_decide_after_review
from approvals.queries import after_reviews
from approvals.standing import document_of

SHOWN = 25
Let = TypeVar("Let", Waiver, Acknowledgement)


@dataclass(frozen=True)
class ShownAfterReview:
    """`why_not`: why the reader can't judge it; `typed` and `refusal`: what they sent, when it was refused."""

    after_review: AfterReview
    why_not: Reason | None
    typed: str
    refusal: Refusal | None

    @property
    def is_overdue(self) -> bool:
        return self.after_review.due_at < timezone.now()


@dataclass(frozen=True)
class Exceptions:
    """Waivers and acknowledgements each come with their gate's title."""

    model: str
    open: list[ShownAfterReview]
    open_count: int
    decided: list[AfterReview]
    older: int | None
    waivers: list[tuple[str, Waiver]]
    acknowledgements: list[tuple[str, Acknowledgement]]


def exceptions_page(
    reader: User,
    *,
    model: str = "",
    before: int | None = None,
    refused: tuple[int, str, Refusal] | None = None,
) -> Exceptions:
    """Of all the models the reader sees, or of one; decided after-reviews are paged by key, newest first."""
    reviews = _of(model, visible(after_reviews(), actor=reader, model_path="model"), "model")
    decided = reviews.exclude(verdict="").order_by("-pk")
    page = list((decided.filter(pk__lt=before) if before else decided)[: SHOWN + 1])
    waiting = reviews.filter(verdict="").order_by("due_at", "pk")
    first = list(waiting[: SHOWN * 2])
    judges = people_who_may_on(REVIEW, {each.model_id for each in first})
    return Exceptions(
        model=model,
        open=[_shown(each, reader, judges[each.model_id], refused) for each in first],
        open_count=waiting.count(),
        decided=page[:SHOWN],
        older=page[SHOWN - 1].pk if len(page) > SHOWN else None,
        waivers=_titled(_waivers(reader, model)[:SHOWN]),
        acknowledgements=_titled(_acknowledgements(reader, model)[:SHOWN]),
    )


def _shown(
    after_review: AfterReview, reader: User, judges: Iterable[User], refused: tuple[int, str, Refusal] | None
) -> ShownAfterReview:
    typed, refusal = (refused[1], refused[2]) if refused and refused[0] == after_review.pk else ("", None)
    return ShownAfterReview(after_review, why_not_decide_after_review(after_review, reader, judges), typed, refusal)


_REVISION = "gate_run__promotion__policy_revision"


def _titled(found: Iterable[Let]) -> list[tuple[str, Let]]:
    """Each with its gate's title; a gate that a later policy dropped goes by its key."""
    titled = []
    for each in found:
        rules = {rule.key: rule for rule in document_of(each.gate_run.promotion).gates}
        rule = rules.get(each.gate_run.key)
        titled.append((rule.shown_title if rule else each.gate_run.key, each))
    return titled


def _waivers(reader: User, model: str) -> QuerySet[Waiver]:
    path = "gate_run__promotion__version__model"
    found = visible(Waiver.objects.select_related("by", path, _REVISION), actor=reader, model_path=path)
    return _of(model, found, path).order_by("-pk")


def _acknowledgements(reader: User, model: str) -> QuerySet[Acknowledgement]:
    path = "gate_run__promotion__version__model"
    found = visible(Acknowledgement.objects.select_related("by", path, _REVISION), actor=reader, model_path=path)
    return _of(model, found, path).order_by("-pk")


def _of(model: str, found: QuerySet, path: str) -> QuerySet:  # type: ignore[type-arg]
    return found.filter(**{f"{path}__name__iexact": model}) if model else found
