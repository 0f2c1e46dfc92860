"""The promotion page: everything a reviewer looks at before deciding, prepared for showing."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from accounts.reasons import Refusal
from approvals.models import Promotion, Review, State
from approvals.standing import Marks, marks_of
from approvals.waiting import due_time
from dashboard.charts import Chart
from dashboard.forms.decision import Typed
from dashboard.hallmarks import Die, hallmark
from dashboard.names import Person
from dashboard.pages.compare_differs import Breaking, breaking_between
from dashboard.pages.evidence_agreement import AgreementView
from dashboard.pages.promotion_card import CardView, card_view
from dashboard.pages.promotion_curve import chart_of
from dashboard.pages.promotion_evidence import Evidence
from dashboard.pages.promotion_gates import Gates, gates_of
from dashboard.pages.promotion_notices import Notices, notices_of
from dashboard.pages.promotion_panel import Panel, panel_of
from dashboard.pages.promotion_timeline import Timeline, timeline_of
from dashboard.pages.stored_evidence import agreements_for, evidence_for
from dashboard.pages.version_hallmark import metric_title
from evidence.exposure import Wear, wear_of
from evidence.models import LockedDataset, Provenance
from registry.models import DatasetVersion, Stage, StageTerm


@dataclass(frozen=True)
class WornData:
    """Locked data on which so many versions were judged that chance alone finds a good one."""

    locked: LockedDataset
    wear: Wear


@dataclass(frozen=True)
class PromotionPage:
    """One promotion for one reader. `live_term` is the baseline's present term in Production, if it has one."""

    promotion: Promotion
    dies: list[Die]
    evidence: list[Evidence]
    agreements: list[AgreementView]
    worn: list[WornData]
    breaking: Breaking | None
    chart: Chart | None
    gates: Gates
    card: CardView
    trained_on: list[DatasetVersion]
    live_term: StageTerm | None
    own_term: StageTerm | None
    timeline: Timeline
    panel: Panel
    notices: Notices
    last_review: Review | None
    taken_over_by: list[User]
    sent: Typed
    refusal: Refusal | None

    @property
    def groups_title(self) -> str:
        """What the page says of groups, as a heading."""
        if any(each.loses_by_group for each in self.evidence):
            return "Where it gets worse"
        return "By group: no measurable loss" if any(each.segments for each in self.evidence) else "By group"

    @property
    def due(self) -> datetime | None:
        return due_time(self.promotion)

    @property
    def is_overdue(self) -> bool:
        return self.due is not None and self.due < timezone.now()


def promotion_page(
    promotion: Promotion,
    reader: User,
    *,
    sent: Typed | None = None,
    refusal: Refusal | None = None,
    before: int | None = None,
) -> PromotionPage:
    """The page, with what was typed and why it was refused, if it was; a fixed number of queries."""
    sent = sent or Typed()
    prefetch_related_objects([reader], "groups")
    marks = marks_of(promotion)
    every = evidence_for(marks, by_segment=True)
    evidence = [each for each in every if each.is_judged_by]
    version = promotion.version
    terms = _present_terms(promotion)
    return PromotionPage(
        promotion=promotion,
        dies=_dies(marks, evidence),
        evidence=evidence,
        worn=_worn(evidence) if promotion.is_open else [],
        breaking=breaking_between(promotion.baseline, version) if promotion.baseline else None,
        chart=chart_of(evidence[0]) if evidence else None,
        agreements=agreements_for(promotion),
        gates=gates_of(marks, every, reader, sent, str(refusal.reason) if refusal else ""),
        card=card_view(promotion),
        trained_on=list(version.trained_on.select_related("dataset").order_by("dataset__name", "number")),
        live_term=terms.get(promotion.baseline_id or 0),
        own_term=terms.get(version.pk),
        timeline=timeline_of(promotion, marks.document, before=before),
        panel=panel_of(marks, reader, sent, refusal),
        notices=notices_of(marks, reader),
        last_review=promotion.reviews.select_related("reviewer").order_by("-at").first(),
        taken_over_by=[takeover.by for takeover in promotion.takeovers.all()],
        sent=sent,
        refusal=refusal,
    )


def gates_part(promotion: Promotion, reader: User) -> Gates:
    """Only the gates, for refreshing them while they run."""
    marks = marks_of(promotion)
    return gates_of(marks, evidence_for(marks), reader, Typed(), "")


def _worn(evidence: list[Evidence]) -> list[WornData]:
    """The datasets shown that were used too often. Two queries."""
    shown = [each.candidate.dataset for each in evidence if each.candidate]
    found = wear_of([locked.pk for locked in shown])
    return [WornData(locked, found[locked.pk]) for locked in shown if found[locked.pk].is_worn]


def _present_terms(promotion: Promotion) -> dict[int, StageTerm]:
    """Where both versions are now; of the baseline only while it is in Production."""
    versions = [promotion.version_id, promotion.baseline_id]
    found = StageTerm.objects.filter(version__in=[pk for pk in versions if pk], ended_at=None)
    kept = (term for term in found if term.version_id == promotion.version_id or term.stage == Stage.PRODUCTION)
    return {term.version_id: term for term in kept}


def _dies(marks: Marks, evidence: list[Evidence]) -> list[Die]:
    """The hallmark this promotion strikes."""
    promotion = marks.promotion
    version = promotion.version
    metric = version.model.primary_metric
    own = [value.value for value in evidence[0].own_values if value.metric == metric] if evidence else []
    candidate = evidence[0].candidate if evidence else None
    completed = promotion.state == State.COMPLETED and promotion.closed_at is not None
    return hallmark(
        maker=version.on_behalf_of or version.registered_by,
        measure=(metric_title(metric), own[0] if own else None),
        executed=candidate is not None and candidate.provenance == Provenance.EXECUTED,
        approvals=_shields(marks),
        struck_on=timezone.localdate(promotion.closed_at) if completed else None,
    )


def _shields(marks: Marks) -> list[tuple[str, Person | None]]:
    shields: list[tuple[str, Person | None]] = []
    for slot in marks.document.slots:
        # An approval that completed the promotion stays struck, whatever became of its giver's role.
        given = [review.reviewer for review in marks.approvals if review.slot == slot.key]
        filled = given if not marks.promotion.is_open else [review.reviewer for review in marks.counting(slot)]
        seats: list[Person | None] = [*filled, *[None] * max(slot.count - len(filled), 0)]
        shields += [(slot.key.replace("-", " "), who) for who in seats]
    return shields
