"""The hallmark of a version, from the record: what has been struck and what is still open."""

from datetime import date

from django.utils import timezone

from approvals.models import OPEN_STATES, Promotion, Review, State, Verdict
from approvals.policies import Slot, read_document
from approvals.queries import policy_in_force
from approvals.standing import document_of
from dashboard.hallmarks import Die, hallmark
from dashboard.names import Person
from evidence.metrics import METRICS
from evidence.models import MetricValue, Provenance
from registry.models import Stage, Version


def hallmark_of(version: Version) -> list[Die]:
    """The dies of a version: struck by the promotion that made it live, else by the one that is open."""
    metric = version.model.primary_metric
    measured = newest_value(version)
    promotion = _deciding_promotion(version)
    return hallmark(
        maker=version.on_behalf_of or version.registered_by,
        measure=(metric_title(metric), measured.value if measured else None),
        executed=measured is not None and measured.evaluation.provenance == Provenance.EXECUTED,
        approvals=_seats(version, promotion),
        struck_on=_struck_on(promotion),
    )


def metric_title(key: str) -> str:
    """A metric's title; a model may name one that Assaydesk doesn't measure."""
    return METRICS[key].title if key in METRICS else key


def newest_value(version: Version) -> MetricValue | None:
    """The primary metric in the newest evaluation that has it."""
    values = MetricValue.objects.filter(evaluation__version=version, metric=version.model.primary_metric, column="")
    return values.select_related("evaluation").order_by("-evaluation__made_at").first()


def _deciding_promotion(version: Version) -> Promotion | None:
    promotions = version.promotions.filter(to_stage=Stage.PRODUCTION).select_related("policy_revision")
    found = list(promotions.filter(state__in=(*OPEN_STATES, State.COMPLETED)).order_by("-opened_at"))
    return next((each for each in found if each.state == State.COMPLETED), found[0] if found else None)


def _seats(version: Version, promotion: Promotion | None) -> list[tuple[str, Person | None]]:
    if promotion is None:
        return [(_short(slot), None) for slot in _slots_to_come(version) for _ in range(slot.count)]
    reviews = promotion.reviews.filter(verdict=Verdict.APPROVE, fell_at=None).select_related("reviewer")
    filled: dict[tuple[str, int], Review] = {(review.slot, review.seat): review for review in reviews}
    seats = [(slot, seat) for slot in document_of(promotion).slots for seat in range(slot.count)]
    struck = [(slot, filled.get((slot.key, seat))) for slot, seat in seats]
    return [(_short(slot), review.reviewer if review else None) for slot, review in struck]


def _slots_to_come(version: Version) -> tuple[Slot, ...]:
    revision = policy_in_force(version.model, Stage.PRODUCTION)
    return read_document(revision.document, target_stage=revision.target_stage).slots if revision else ()


def _short(slot: Slot) -> str:
    """The slot's key under its die: titles are too long for it."""
    return slot.key.replace("-", " ")


def _struck_on(promotion: Promotion | None) -> date | None:
    if promotion is None or promotion.state != State.COMPLETED or promotion.closed_at is None:
        return None
    return timezone.localdate(promotion.closed_at)
