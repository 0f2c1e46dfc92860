import json
from typing import Annotated, Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Status
from pydantic import ValidationError

from accounts.access import may_somewhere, require_somewhere
from accounts.reasons import Forbidden, Invalid, NotFound
from accounts.roles import APPROVE, CONTRIBUTE, VIEW
from api import schemas
from api.answers import dataset_impact_answer, dataset_version_answer
from api.auth import WRITE, TokenAuth, actor_of
from api.bodies import body_chunks, body_text
from api.finding import dataset_version_of, locked_dataset_of
from api.paging import page
from approvals.impact import impact_of
from evidence.actions import hand_out_inputs, lock_dataset, lock_dataset_from_s3
from evidence.labels import Declaration
from registry.actions import add_dataset_version, create_dataset
from registry.lineage import basis_of_dataset
from registry.models import Dataset

router = Router(tags=["datasets"])

#: What is data to lock, by its content type; anything else is a pointer.
TABLES = {"text/csv", "application/vnd.apache.parquet"}


@router.get("/datasets", response=schemas.Listing)
def list_datasets(request: HttpRequest, cursor: str = "") -> dict[str, Any]:
    require_somewhere(actor_of(request), VIEW)
    return page(Dataset.objects.all(), key="name", cursor=cursor, answer=_dataset_answer)


def _dataset_answer(dataset: Dataset) -> dict[str, Any]:
    return {"name": dataset.name, "description": dataset.description, "versions": dataset.versions_registered}


@router.post("/datasets", response={201: schemas.DatasetAnswer}, auth=TokenAuth(WRITE))
def post_dataset(request: HttpRequest, sent: schemas.NewDataset) -> Status[dict[str, Any]]:
    _require_contributor_or_approver(request)
    dataset = create_dataset(sent.name, description=sent.description, actor=actor_of(request))
    return Status(201, _dataset_answer(dataset))


@router.post("/datasets/{name}/versions", response={201: schemas.DatasetVersionAnswer}, auth=TokenAuth(WRITE))
def post_dataset_version(
    request: HttpRequest,
    name: str,
    *,
    id: str = "",
    target: str = "",
    positive: str = "",
    segments: str = "",
    weight: str = "",
    unlabelled: bool = False,
    task: str = "binary",
    source: Annotated[str, Query(alias="from")] = "",
) -> Status[dict[str, Any]]:
    """A pinned pointer (JSON `{kind, location, pin}`), or locked data: CSV (`text/csv`) or Parquet
    (`application/vnd.apache.parquet`), its columns declared in the query.

    The target of the task `binary` holds two values and `positive` names the one that counts as yes; that of
    `regression` holds numbers; that of `multiclass` two or more classes. `weight` names the column that says how much
    each row counts. With `unlabelled=true` there is no target: versions' answers are compared with each other. With
    `?from=s3://bucket/key.csv` the data is read from there, where the administrator allowed it, and no body is sent.
    """
    _require_contributor_or_approver(request)
    dataset, actor = _dataset(name), actor_of(request)
    if source or request.content_type in TABLES:
        require_somewhere(actor, APPROVE)
        if not id or bool(target) == unlabelled:
            raise Invalid(
                "not_declared",
                "Declare the columns: ?id=…&target=…[&task=…][&positive=…][&segments=a,b][&weight=…].",
                "For rows without labels send unlabelled=true and no target.",
            )
        grouped = [name for name in segments.split(",") if name]
        declaration = Declaration(id, target, positive, grouped, task, weight)
        if source:
            locked = lock_dataset_from_s3(dataset, source, declaration, actor=actor)
        else:
            locked = lock_dataset(dataset, body_chunks(request), declaration, actor=actor)
        return Status(201, dataset_version_answer(locked.dataset_version))
    pointer = _pointer(request)
    version = add_dataset_version(dataset, kind=pointer.kind, location=pointer.location, pin=pointer.pin, actor=actor)
    return Status(201, dataset_version_answer(version))


@router.get("/datasets/{name}/versions/{int:number}/impact", response=schemas.ImpactAnswer)
def get_impact(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    """What rests on it, of what you can see: versions trained or evaluated on it, what is live first; their
    promotions, open or completed; open promotions and policies whose gates name it."""
    actor = actor_of(request)
    require_somewhere(actor, VIEW)
    data = dataset_version_of(f"{name}@{number}")
    return dataset_impact_answer(data, impact_of(basis_of_dataset(data), actor=actor))


@router.get("/datasets/{name}/versions/{int:number}/inputs")
def get_inputs(request: HttpRequest, name: str, number: int) -> StreamingHttpResponse:
    """Ids and inputs as CSV, without the labels, so that predictions can be made elsewhere. Noted in the ledger."""
    actor = actor_of(request)
    require_somewhere(actor, CONTRIBUTE)
    locked = locked_dataset_of(f"{name}@{number}")
    response = StreamingHttpResponse(hand_out_inputs(locked, actor=actor), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="{locked.dataset_version.dataset.name}-{number}-inputs.csv"'
    )
    return response


def _pointer(request: HttpRequest) -> schemas.Pointer:
    text = body_text(request, limit=64 * 1024, thing="The pointer")
    try:
        return schemas.Pointer(**json.loads(text))
    except (ValueError, TypeError, ValidationError) as error:
        raise Invalid("malformed", "Send JSON {kind, location, pin}, or CSV as text/csv to lock data.") from error


def _dataset(name: str) -> Dataset:
    dataset = Dataset.objects.filter(name__iexact=name).first()
    if dataset is None:
        raise NotFound("not_found", f"There is no dataset named {name!r}.", "Create it: POST /datasets.")
    return dataset


def _require_contributor_or_approver(request: HttpRequest) -> None:
    actor = actor_of(request)
    if not (may_somewhere(actor, CONTRIBUTE) or may_somewhere(actor, APPROVE)):
        raise Forbidden("not_permitted", "You may not register datasets.", "It takes the role Contributor or Approver.")
