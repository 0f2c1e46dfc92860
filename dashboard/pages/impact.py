"""What rests on one thing, and the bug that somebody reported in it."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.reasons import Reason
from approvals.defects import shown_defect, why_not_clear, why_not_mark
from approvals.impact import Impact, impact_of
from registry.lineage import Basis
from registry.models import Defect

CLEARED_SHOWN = 10

#: How each kind is asked for: its word, and what to write.
KINDS = {
    "dataset": ("Dataset version", "name@number"),
    "commit": ("Code commit", "all 40 digits"),
    "feature": ("Feature", "its name"),
    "base": ("Base model", "name@number or URI"),
}


@dataclass(frozen=True)
class ImpactPage:
    """`why_not` says why the reader can't report or clear a bug in it; None when they can."""

    basis: Basis
    kind: str
    impact: Impact
    defect: Defect | None
    cleared: list[Defect]
    why_not: Reason | None


def impact_page(basis: Basis, reader: User) -> ImpactPage:
    """Everything the page shows, in a fixed number of queries."""
    impact, defect = impact_of(basis, actor=reader), shown_defect(basis, actor=reader)
    return ImpactPage(
        basis=basis,
        kind=KINDS[basis.kind][0],
        impact=impact,
        defect=defect,
        cleared=list(_cleared(basis)[:CLEARED_SHOWN]) if defect or impact.versions or basis.dataset_version else [],
        why_not=why_not_clear(defect, reader) if defect is not None else why_not_mark(basis, reader),
    )


def _cleared(basis: Basis) -> QuerySet[Defect]:
    """Bugs in the same thing that were cleared, the last one first."""
    same = Q(dataset_version=basis.dataset_version, base=basis.base, kind=basis.kind)
    if basis.kind == "commit":
        same &= Q(code_commit=basis.text)
    found = Defect.objects.filter(same, cleared_at__isnull=False)
    return found.select_related("reported_by", "cleared_by").order_by("-cleared_at", "-pk")
