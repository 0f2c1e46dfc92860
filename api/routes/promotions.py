from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from accounts.access import visible
from accounts.reasons import Invalid
from accounts.roles import CONTRIBUTE
from api import schemas
from api.answers import promotion_answer, promotion_line
from api.auth import REVIEW, WRITE, TokenAuth, actor_of
from api.finding import person_named, promotion_of, version_of
from api.paging import page
from approvals import actions
from approvals.models import Promotion, State
from approvals.queries import promotions

router = Router(tags=["promotions"])
_ANSWER = schemas.PromotionAnswer


@router.post("/models/{name}/versions/{int:number}/promotions", response={201: _ANSWER}, auth=TokenAuth(WRITE))
def post_promotion(request: HttpRequest, name: str, number: int, sent: schemas.NewPromotion) -> Status[dict[str, Any]]:
    version = version_of(request, name, number, CONTRIBUTE)
    promotion = actions.open_promotion(
        version,
        to_stage=sent.to,
        actor=actor_of(request),
        reason=sent.reason,
        on_behalf_of=person_named(sent.on_behalf_of),
        not_before=sent.not_before,
    )
    return Status(201, _now(request, promotion))


def _now(request: HttpRequest, promotion: Promotion) -> dict[str, Any]:
    return promotion_answer(promotions().get(pk=promotion.pk), actor=actor_of(request))


@router.get("/promotions", response=schemas.Listing)
def list_promotions(request: HttpRequest, state: str = "", model: str = "", cursor: str = "") -> dict[str, Any]:
    if state and state not in State.values:
        raise Invalid("unknown_state", f"{state!r} is no state.", f"Choose from {', '.join(State.values)}.")
    found = visible(promotions(), actor=actor_of(request), model_path="version__model")
    if state:
        found = found.filter(state=state)
    if model:
        found = found.filter(version__model__name__iexact=model)
    return page(found, key="-pk", cursor=cursor, answer=lambda row: schemas.PromotionLine(**promotion_line(row)))


@router.get("/promotions/{int:promotion_id}", response=_ANSWER)
def get_promotion(request: HttpRequest, promotion_id: int) -> dict[str, Any]:
    return promotion_answer(promotion_of(request, promotion_id), actor=actor_of(request))


@router.post("/promotions/{int:promotion_id}/reviews", response=_ANSWER, auth=TokenAuth(REVIEW))
def post_review(request: HttpRequest, promotion_id: int, sent: schemas.NewReview) -> dict[str, Any]:
    """A person's verdict. `seal` is the promotion's seal as it was read: a later one means something moved (409)."""
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.review_promotion(promotion, actor=actor_of(request), **sent.dict()))


@router.post("/promotions/{int:promotion_id}/checklist/{item}", response=_ANSWER, auth=TokenAuth(REVIEW))
def post_tick(request: HttpRequest, promotion_id: int, item: str, sent: schemas.SealSeen) -> dict[str, Any]:
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.tick_item(promotion, item, actor=actor_of(request), seal=sent.seal))


@router.post("/promotions/{int:promotion_id}/gates/{gate}/acknowledge", response=_ANSWER, auth=TokenAuth(REVIEW))
def post_acknowledgement(
    request: HttpRequest, promotion_id: int, gate: str, sent: schemas.OutcomeSeen
) -> dict[str, Any]:
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.acknowledge_gate(promotion, gate, actor=actor_of(request), **sent.dict()))


@router.post("/promotions/{int:promotion_id}/gates/{gate}/waive", response=_ANSWER, auth=TokenAuth(REVIEW))
def post_waiver(request: HttpRequest, promotion_id: int, gate: str, sent: schemas.NewWaiver) -> dict[str, Any]:
    """An approver's exception for one failed outcome."""
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.waive_gate(promotion, gate, actor=actor_of(request), **sent.dict()))


@router.post("/promotions/{int:promotion_id}/gates/{gate}/report", response=_ANSWER, auth=TokenAuth(WRITE))
def post_report(request: HttpRequest, promotion_id: int, gate: str, sent: schemas.NewReport) -> dict[str, Any]:
    """The answer of an external check, by the program that makes it."""
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.report_gate(promotion, gate, actor=actor_of(request), **sent.dict()))


@router.post("/promotions/{int:promotion_id}/gates/{gate}/rerun", response=_ANSWER, auth=TokenAuth(WRITE))
def post_rerun(request: HttpRequest, promotion_id: int, gate: str, sent: schemas.ReasonGiven) -> dict[str, Any]:
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.rerun_gate(promotion, gate, actor=actor_of(request), reason=sent.reason))


@router.post("/promotions/{int:promotion_id}/withdraw", response=_ANSWER, auth=TokenAuth(WRITE))
def post_withdrawal(request: HttpRequest, promotion_id: int, sent: schemas.ReasonGiven) -> dict[str, Any]:
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.withdraw_promotion(promotion, actor=actor_of(request), reason=sent.reason))


@router.post("/promotions/{int:promotion_id}/resubmit", response=_ANSWER, auth=TokenAuth(WRITE))
def post_resubmission(request: HttpRequest, promotion_id: int, sent: schemas.AnswerGiven) -> dict[str, Any]:
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.resubmit_promotion(promotion, actor=actor_of(request), answer=sent.answer))


@router.post("/promotions/{int:promotion_id}/restart", response=_ANSWER, auth=TokenAuth(WRITE))
def post_restart(request: HttpRequest, promotion_id: int, sent: schemas.ReasonGiven) -> dict[str, Any]:
    """Begins anew under the policy revision now in force."""
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.restart_promotion(promotion, actor=actor_of(request), reason=sent.reason))


@router.post("/promotions/{int:promotion_id}/take-over", response=_ANSWER, auth=TokenAuth(WRITE))
def post_take_over(request: HttpRequest, promotion_id: int, sent: schemas.ReasonGiven) -> dict[str, Any]:
    """Steps in for a requester who left."""
    promotion = promotion_of(request, promotion_id)
    return _now(request, actions.take_over_promotion(promotion, actor=actor_of(request), reason=sent.reason))
