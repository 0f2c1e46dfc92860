"""What operators do at once, and what others say of it afterwards."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from accounts.access import visible
from accounts.reasons import NotFound
from api import schemas
from api.answers import after_review_answer, version_answer
from api.auth import OPERATE, REVIEW, TokenAuth, actor_of
from api.finding import model_of, version_of
from api.paging import page
from approvals import actions
from approvals.defects import warning_of
from approvals.queries import after_reviews, fetch_after_review
from registry.lineage import defects_of_version
from registry.models import Model, Version
from registry.queries import versions_numbered
from serving.queries import arms_of, production_of

router = Router(tags=["operating"])


@router.post("/models/{name}/rollback", response=schemas.RollbackAnswer, auth=TokenAuth(OPERATE))
def post_rollback(request: HttpRequest, name: str, sent: schemas.NewRollback) -> dict[str, Any]:
    """Puts the previous version, or the one named, back into Production at once. Answers what is live then, and
    warns of reported bugs in what it rests on; one that isn't named never rests on any."""
    model = model_of(request, name)
    target = actions.roll_back(
        model,
        actor=actor_of(request),
        reason=sent.reason,
        to=_version_to(model, sent.to),
        expected_live=sent.expected_live,
    )
    warning = warning_of(defects_of_version(target), model)
    return production_of(model) | {"warnings": [warning] if warning else []}


def _version_to(model: Model, number: int | None) -> Version | None:
    if number is None:
        return None
    version = versions_numbered(model.name, number).first()
    if version is None:
        raise NotFound("not_found", f"{model.name} has no version {number}.", "Send the number of one that was live.")
    return version


@router.post("/models/{name}/take-down", response=schemas.ProductionAnswer, auth=TokenAuth(OPERATE))
def post_take_down(request: HttpRequest, name: str, sent: schemas.Operation) -> dict[str, Any]:
    """Takes everything of the model out of Production. Answers with no arm."""
    model = model_of(request, name)
    actions.take_down(model, actor=actor_of(request), **sent.dict())
    return {"model": model.name, "arms": arms_of(model)}


@router.post("/models/{name}/versions/{int:number}/archive", response=schemas.VersionAnswer, auth=TokenAuth(OPERATE))
def post_archive(request: HttpRequest, name: str, number: int, sent: schemas.ReasonGiven) -> dict[str, Any]:
    version = version_of(request, name, number)
    archived = actions.archive_version(version, actor=actor_of(request), reason=sent.reason)
    return version_answer(archived, actor=actor_of(request))


@router.post("/models/{name}/versions/{int:number}/deprecate", response=schemas.VersionAnswer, auth=TokenAuth(OPERATE))
def post_deprecation(request: HttpRequest, name: str, number: int, sent: schemas.ReasonGiven) -> dict[str, Any]:
    """Marks a version as not to be promoted, nor gone back to, again."""
    version = version_of(request, name, number)
    deprecated = actions.deprecate_version(version, actor=actor_of(request), reason=sent.reason)
    return version_answer(deprecated, actor=actor_of(request))


@router.get("/after-reviews", response=schemas.Listing)
def list_after_reviews(
    request: HttpRequest, model: str = "", *, undecided: bool = False, cursor: str = ""
) -> dict[str, Any]:
    """Looks afterwards at what was done without asking first, newest first."""
    found = visible(after_reviews(), actor=actor_of(request), model_path="model")
    if model:
        found = found.filter(model__name__iexact=model)
    if undecided:
        found = found.filter(verdict="")
    return page(
        found, key="-pk", cursor=cursor, answer=lambda row: schemas.AfterReviewAnswer(**after_review_answer(row))
    )


@router.post("/after-reviews/{int:after_review_id}", response=schemas.AfterReviewAnswer, auth=TokenAuth(REVIEW))
def post_after_review(request: HttpRequest, after_review_id: int, sent: schemas.AfterReviewVerdict) -> dict[str, Any]:
    """Says whether it was right; never by the one whose act it was."""
    found = fetch_after_review(after_review_id, actor=actor_of(request))
    actions.decide_after_review(found, actor=actor_of(request), **sent.dict())
    return after_review_answer(after_reviews().get(pk=found.pk))
