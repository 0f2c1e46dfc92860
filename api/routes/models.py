from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from accounts.access import may_everywhere, visible
from accounts.reasons import Forbidden
from accounts.roles import CONTRIBUTE
from api.answers import model_answer
from api.auth import WRITE, TokenAuth, actor_of
from api.finding import model_of
from api.paging import page
from api.schemas import Listing, ModelAnswer, NewModel, ProductionAnswer, TermAnswer
from registry.actions import create_model
from registry.models import Model
from registry.queries import production_history
from serving.queries import production_of

router = Router(tags=["models"])


@router.get("/models", response=Listing)
def list_models(request: HttpRequest, cursor: str = "") -> dict[str, Any]:
    models = visible(Model.objects.prefetch_related("owners"), actor=actor_of(request), model_path="pk")
    return page(models, key="name", cursor=cursor, answer=lambda model: ModelAnswer(**model_answer(model)))


@router.post("/models", response={201: ModelAnswer}, auth=TokenAuth(WRITE))
def post_model(request: HttpRequest, sent: NewModel) -> Status[dict[str, Any]]:
    actor = actor_of(request)
    if not may_everywhere(actor, CONTRIBUTE):
        raise Forbidden("not_permitted", "You may not create models.", "It takes the role Contributor on all models.")
    return Status(201, model_answer(create_model(actor=actor, **sent.dict())))


@router.get("/models/{name}", response=ModelAnswer)
def get_model(request: HttpRequest, name: str) -> dict[str, Any]:
    return model_answer(model_of(request, name))


@router.get("/models/{name}/production", response=ProductionAnswer)
def get_production(request: HttpRequest, name: str) -> dict[str, Any]:
    """What serving systems should run: Production only, the primary arm first."""
    return production_of(model_of(request, name))


@router.get("/models/{name}/history", response=Listing)
def get_history(request: HttpRequest, name: str, cursor: str = "") -> dict[str, Any]:
    """What was live when, newest first."""
    terms = production_history(model_of(request, name))
    return page(
        terms,
        key="-pk",
        cursor=cursor,
        answer=lambda term: TermAnswer(
            version=term.version.number,
            label=term.version.label,
            since=term.started_at,
            until=term.ended_at,
            because=term.started_because,
            ended_because=term.ended_because,
        ),
    )
