from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Status

from accounts.access import may_everywhere, visible
from accounts.reasons import Forbidden, Invalid, NotFound, refuse_if
from accounts.roles import CONTRIBUTE
from api.answers import best_answer, model_answer
from api.auth import WRITE, TokenAuth, actor_of
from api.comparing import compare_answer
from api.finding import locked_dataset_of, model_of
from api.paging import page
from api.schemas import (
    BestAnswer,
    CompareAnswer,
    Listing,
    ModelAnswer,
    NewComparison,
    NewModel,
    ProductionAnswer,
    TermAnswer,
)
from api.schemas.shared import Moment
from evidence.actions import ask_comparisons
from evidence.comparables import baseline_among, check_count, chosen_versions, dataset_to_compare_on
from evidence.lineup import Lineup
from evidence.metrics import METRICS
from evidence.permissions import why_not_ask_comparison
from evidence.queries import best_value, datasets_of, lineup_of
from registry.actions import create_model
from registry.models import Model
from registry.queries import live_at, production_history
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


@router.get("/models/{name}/best", response=BestAnswer)
def get_best(
    request: HttpRequest,
    name: str,
    *,
    metric: str = "",
    direction: Literal["", "higher", "lower", "zero"] = "",
    dataset: str = "",
) -> dict[str, Any]:
    """The version with the highest, lowest or nearest figure over all rows of a locked dataset, whoever comes near.

    Final versions that aren't deprecated count, with figures of the evaluator that measured the model's versions there
    last; what pipelines reported doesn't. By default by the model's primary metric, in that metric's own direction, on
    the dataset (`name@number`) that most of its versions were evaluated on. "zero" takes the value nearest to zero. Of
    equals, the newest version.
    """
    model = model_of(request, name)
    metric = metric or model.primary_metric
    if metric not in METRICS:
        raise Invalid("unknown_metric", f"There is no metric {metric!r}.", f"Choose from {', '.join(METRICS)}.")
    locked = locked_dataset_of(dataset) if dataset else datasets_of(model).first()
    best = best_value(model, locked, metric, direction=direction) if locked else None
    if best is None:
        where = f" on {locked}" if locked else ""
        raise NotFound(
            "not_measured",
            f"No version of {model} that can be promoted has the metric {metric}{where}.",
            "Open a promotion, whose gates measure it, or hand in predictions.",
        )
    return best_answer(best, direction=direction or METRICS[metric].direction)


@router.get("/models/{name}/compare", response=CompareAnswer)
def get_compare(
    request: HttpRequest, name: str, *, versions: str, dataset: str = "", baseline: int | None = None
) -> dict[str, Any]:
    """Two to six versions (`versions=4,5,6`) side by side on a locked dataset, from stored evidence.

    By default on the dataset (`name@number`) that most of them were measured on, against the primary arm if it is among
    them, else the lowest number. Pairs in `not_compared_yet` have no paired differences: POST the same here to have a
    worker compare them.
    """
    return compare_answer(_lineup(model_of(request, name), _numbers(versions), dataset, baseline))


@router.post("/models/{name}/compare", response={202: CompareAnswer}, auth=TokenAuth(WRITE))
def post_compare(request: HttpRequest, name: str, sent: NewComparison) -> Status[dict[str, Any]]:
    """Has a worker compare what isn't compared yet, row by row; for contributors and reviewers of the model.

    Answers what is stored so far, with what is `waited_for`; ask again with GET until nothing is.
    """
    model, actor = model_of(request, name), actor_of(request)
    refuse_if(why_not_ask_comparison(model, actor))
    lineup = _lineup(model, list(dict.fromkeys(sent.versions)), sent.dataset, sent.baseline)
    ask_comparisons(model, lineup.missing_pairs, actor=actor)
    return Status(202, compare_answer(lineup))


def _lineup(model: Model, numbers: list[int], dataset: str, baseline: int | None) -> Lineup:
    check_count(numbers)
    chosen = chosen_versions(model, numbers)
    locked = dataset_to_compare_on(model, dataset, chosen)
    if locked is None:
        text = f"None of these versions of {model} was measured on labelled data."
        raise NotFound("not_measured", text, "Open a promotion, whose gates measure it, or hand in predictions.")
    return lineup_of(model, chosen, locked, baseline_among(model, baseline, chosen))


def _numbers(versions: str) -> list[int]:
    parts = [part.strip() for part in versions.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise Invalid("malformed", f"versions: {versions[:80]!r} is no list of numbers.", "Write it like versions=4,5.")
    return list(dict.fromkeys(map(int, parts)))


@router.get("/models/{name}/history", response=Listing)
def get_history(request: HttpRequest, name: str, at: Moment | None = None, cursor: str = "") -> dict[str, Any]:
    """What was live when, by whom and why it ended, newest first; with `at`, what was live at that moment."""
    model = model_of(request, name)
    terms = live_at(model, at) if at is not None else production_history(model)
    return page(
        terms,
        key="-pk",
        cursor=cursor,
        answer=lambda term: TermAnswer(
            version=term.version.number,
            label=term.version.label,
            since=term.started_at,
            until=term.ended_at,
            by=term.started_by,
            because=term.started_because,
            ended_how=term.ended_how,
            ended_because=term.ended_because,
        ),
    )
