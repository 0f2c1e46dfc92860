"""What rests on one thing, and the bug that somebody reported in it."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.reasons import Reason
from approvals.defect_permissions import (
    may_know_of_defects,
    shown_defect,
    why_not_clear_defect,
    why_not_report_defect,
)
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

    @property
    def readers(self) -> str:
        """Who will read what is typed here, so that nobody learns it afterwards."""
        if self.basis.base is not None:
            name = self.basis.base.model.name
            everybody = f"Everybody who sees {name}, and nobody else, reads what you write here"
            return f"{everybody}. Owners of models derived from it get a letter, with your words if they see {name}."
        who = "sees datasets" if self.basis.dataset_version is not None else "sees a model that rests on it"
        return f"Everybody who {who} reads what you write here, and the owners of the models get it by mail."


def impact_page(basis: Basis, reader: User) -> ImpactPage:
    """Everything the page shows, in a fixed number of queries."""
    impact, defect = impact_of(basis, actor=reader), shown_defect(basis, actor=reader)
    cleared = _cleared(basis)
    if not may_know_of_defects(basis, reader):
        cleared = cleared.filter(reported_by=reader)
    return ImpactPage(
        basis=basis,
        kind=KINDS[basis.kind][0],
        impact=impact,
        defect=defect,
        cleared=list(cleared[:CLEARED_SHOWN]),
        why_not=why_not_clear_defect(defect, reader) if defect is not None else why_not_report_defect(basis, reader),
    )


def _cleared(basis: Basis) -> QuerySet[Defect]:
    """Bugs in the same thing that were cleared, the last one first."""
    same = Q(dataset_version=basis.dataset_version, base=basis.base, kind=basis.kind)
    if basis.kind == "commit":
        same &= Q(code_commit=basis.text)
    found = Defect.objects.filter(same, cleared_at__isnull=False)
    return found.select_related("reported_by", "cleared_by").order_by("-cleared_at", "-pk")
