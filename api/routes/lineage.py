"""What was built on something, and bugs reported in it."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from accounts.access import require_somewhere
from accounts.roles import VIEW
from api import schemas
from api.answers import basis_impact_answer, defect_answer
from api.auth import OPERATE, TokenAuth, actor_of
from approvals.actions import clear_defect, report_defect
from approvals.defect_permissions import fetch_defect, shown_defect
from approvals.impact import impact_of
from registry.lineage import basis_named

router = Router(tags=["lineage"])


@router.get("/impact", response=schemas.BasisImpactAnswer)
def get_impact_of(
    request: HttpRequest, dataset: str = "", commit: str = "", feature: str = "", base: str = ""
) -> dict[str, Any]:
    """What was built on one thing, of what you can see, what is live first: a dataset version or base version as
    name@number, a full commit id, a feature by its name, or the URI of a base that isn't registered here."""
    actor = actor_of(request)
    require_somewhere(actor, VIEW)
    basis = basis_named({"dataset": dataset, "commit": commit, "feature": feature, "base": base}, actor=actor)
    return basis_impact_answer(basis, impact_of(basis, actor=actor), shown_defect(basis, actor=actor))


@router.post("/defects", response={201: schemas.DefectAnswer}, auth=TokenAuth(OPERATE))
def post_defect(request: HttpRequest, sent: schemas.NewDefect) -> Status[dict[str, Any]]:
    """Reports a bug in one thing. Promotions of every version that rests on it are held until it is cleared, and so
    are those that a gate judges on the data; the owners of the models get a letter."""
    actor = actor_of(request)
    require_somewhere(actor, VIEW)
    basis = basis_named(sent.dict(exclude={"reason"}), actor=actor)
    return Status(201, defect_answer(report_defect(basis, actor=actor, reason=sent.reason)))


@router.post("/defects/{int:defect_id}/clear", response=schemas.DefectAnswer, auth=TokenAuth(OPERATE))
def post_defect_cleared(request: HttpRequest, defect_id: int, sent: schemas.ReasonGiven) -> dict[str, Any]:
    """Says why there is no bug any more. What only it held is completed within moments. For people only, and never for
    who may not decide on a promotion that it holds."""
    actor = actor_of(request)
    require_somewhere(actor, VIEW)
    defect = fetch_defect(defect_id, actor=actor)
    return defect_answer(clear_defect(defect, actor=actor, reason=sent.reason))
