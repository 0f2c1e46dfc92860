import io
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from ninja import Router, Status

from accounts.models import User
from accounts.reasons import Conflict, NotFound, refuse_if
from accounts.roles import CONTRIBUTE
from accounts.roles import REVIEW as REVIEW_MODEL
from api import schemas
from api.answers import evaluation_answer, reported_metric_answer, version_answer
from api.auth import REVIEW, WRITE, TokenAuth, actor_of
from api.bodies import announced_sha256, body_bytes, body_chunks, body_text
from api.finding import dataset_version_of, locked_dataset_of, model_of, person_named, version_of
from approvals import intake
from approvals.card_templates import wanted_sections
from evidence.actions import report_metrics
from evidence.card_export import in_hugging_face_format
from evidence.fitting import classes_on
from registry.actions import NamedPointer, NewVersion, add_artifact_file, find_or_add_pointers, register_version
from registry.cards import read_card
from registry.lineage import base_named
from registry.models import DatasetVersion, Version
from registry.permissions import why_files_are_gone
from registry.queries import newest_card
from registry.stores import store

router = Router(tags=["versions"])


@router.post("/models/{name}/versions", response={201: schemas.VersionAnswer}, auth=TokenAuth(WRITE))
@transaction.atomic  # pointers named here for the first time go with a version that is refused
def post_version(request: HttpRequest, name: str, sent: schemas.NewVersion) -> Status[dict[str, Any]]:
    """Registers the next version. Its files follow with PUT …/artifacts/{path}, then POST …/finalize."""
    model, actor = model_of(request, name, CONTRIBUTE), actor_of(request)
    base = _base(request, name, sent.base_model) if sent.base_model is not None else None
    new = NewVersion(
        **sent.dict(exclude={"code", "data", "base_model", "on_behalf_of"}),
        code_repository=sent.code.repository if sent.code else "",
        code_commit=sent.code.commit if sent.code else "",
        trained_on=_data(sent.data, actor),
        base_model=base,
    )
    version = register_version(model, new, actor=actor, on_behalf_of=person_named(sent.on_behalf_of))
    return Status(201, version_answer(version, actor=actor_of(request)))


def _base(request: HttpRequest, name: str, sent: int | str) -> Version:
    if isinstance(sent, int):
        return version_of(request, name, sent)
    found = base_named(sent, actor=actor_of(request))
    if found is None:
        raise NotFound("not_found", f"There is no version {sent!r} that you can see.", "Write it as name@number.")
    return found


def _data(sent: Sequence[str | schemas.NamedPointer], actor: User) -> list[DatasetVersion]:
    known = [dataset_version_of(each) for each in sent if isinstance(each, str)]
    pointers = [NamedPointer(**each.dict()) for each in sent if isinstance(each, schemas.NamedPointer)]
    return known + find_or_add_pointers(pointers, actor=actor)


@router.get("/models/{name}/versions/{int:number}", response=schemas.VersionAnswer)
def get_version(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    return version_answer(version_of(request, name, number), actor=actor_of(request))


@router.put(
    "/models/{name}/versions/{int:number}/artifacts/{path:path}",
    response={201: schemas.FileAnswer},
    auth=TokenAuth(WRITE),
)
def put_artifact(request: HttpRequest, name: str, number: int, path: str) -> Status[dict[str, Any]]:
    """Takes one file as the raw body. A Content-Digest header (RFC 9530, sha-256) is checked against the bytes."""
    version = version_of(request, name, number, CONTRIBUTE)
    file = add_artifact_file(
        version, path, body_chunks(request), actor=actor_of(request), expected_sha256=announced_sha256(request)
    )
    return Status(201, {"path": file.path, "size": file.size, "sha256": file.sha256})


@router.get("/models/{name}/versions/{int:number}/artifacts/{path:path}", url_name="artifact")
def get_artifact(request: HttpRequest, name: str, number: int, path: str) -> HttpResponseBase:
    """The bytes of one file, or a redirect (302) to where the store hands them out for a minute.

    Follow it without the token, and check the SHA-256: what lies there is trusted by its digest only.
    """
    version = version_of(request, name, number)
    file = version.files.filter(path=path).first()
    if file is None:
        raise NotFound("no_such_file", f"Version {number} of {name} has no file {path!r}.")
    refuse_if(why_files_are_gone(version))
    filename = path.rpartition("/")[2]
    address = store().address_of(file.sha256, filename) if settings.PRESIGNED_DOWNLOADS else None
    if address is not None:
        redirect = HttpResponseRedirect(address)
        redirect["Cache-Control"] = "no-store"
        redirect["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(file.sha256)).decode()}:"
        return redirect
    response = FileResponse(store().open(file.sha256), as_attachment=True, filename=filename)
    response["Content-Type"] = "application/octet-stream"
    response["ETag"] = f'"{file.sha256}"'
    return response


@router.post("/models/{name}/versions/{int:number}/finalize", response=schemas.FinalisedAnswer, auth=TokenAuth(WRITE))
def post_finalize(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    """Fixes the version for good, and opens the promotion to Staging if the policy says so."""
    version = version_of(request, name, number, CONTRIBUTE)
    version, opened = intake.finalise_version(version, actor=actor_of(request))
    return {**version_answer(version, actor=actor_of(request)), "promotions": [promotion.pk for promotion in opened]}


@router.get("/models/{name}/versions/{int:number}/card")
def get_card(
    request: HttpRequest, name: str, number: int, format: Literal["", "huggingface"] = "", revision: int | None = None
) -> HttpResponse:
    """The card as it was written, the newest revision unless one is named; its digest is the ETag.

    `format=huggingface` puts the stored figures in the place of placeholders and adds a `model-index` of the evidence.
    """
    version = version_of(request, name, number)
    revisions = version.card_revisions.order_by("-number")
    card = (revisions if revision is None else revisions.filter(number=revision)).first()
    if card is None:
        which = "card" if revision is None else f"card revision {revision}"
        raise NotFound("no_card", f"{version} has no {which}.", "A contributor writes it.")
    text = in_hugging_face_format(card) if format else card.text
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["ETag"] = f'"{card.digest}"'
    return response


@router.put("/models/{name}/versions/{int:number}/card", response=schemas.CardRevisionAnswer, auth=TokenAuth(WRITE))
def put_card(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    """Takes the card as the raw body: Markdown with YAML front matter (Hugging Face's format). It is kept with lines
    ended by LF, and answered with which of the sections that the model's policies want are written.

    With `If-Match`, the digest of the revision the words were written on, another one meanwhile is a conflict (409).
    """
    version = version_of(request, name, number, CONTRIBUTE)
    text = body_text(request, limit=settings.MAX_CARD_BYTES, thing="The card")
    seen = request.headers.get("If-Match")
    written_on = seen.strip().strip('"') if seen else None
    revision = intake.revise_card(version, text=text, actor=actor_of(request), written_on=written_on)
    wanted = [section.title for section in wanted_sections(version.model)]
    missing = read_card(revision.text).missing_sections(wanted)
    return {
        "revision": revision.number,
        "digest": revision.digest,
        "sections_present": [title for title in wanted if title not in missing],
        "sections_missing": missing,
    }


@router.post("/models/{name}/versions/{int:number}/card/review", response=schemas.VersionAnswer, auth=TokenAuth(REVIEW))
def post_card_review(request: HttpRequest, name: str, number: int, sent: schemas.CardSeen) -> dict[str, Any]:
    """A reviewer stands by a card. `digest` is the revision's as it was read: another one means it moved (409)."""
    version = version_of(request, name, number, REVIEW_MODEL)
    card = newest_card(version)
    if card is None:
        raise NotFound("no_card", f"{version} has no card to review.", "A contributor writes it.")
    if card.digest != sent.digest:
        text = f"Not noted: revision {card.number} of the card is another one than you read."
        raise Conflict("card_moved", text, "Read it, then decide again.", revision=card.number)
    intake.review_card(card, actor=actor_of(request))
    return version_answer(version_of(request, name, number), actor=actor_of(request))


@router.post(
    "/models/{name}/versions/{int:number}/predictions",
    response={201: schemas.EvaluationAnswer},
    auth=TokenAuth(WRITE),
)
def post_predictions(request: HttpRequest, name: str, number: int, dataset: str) -> Status[dict[str, Any]]:
    """Takes predictions made elsewhere, as CSV, for every row of a locked dataset (`name@number`).

    Columns: `id,score` for a binary version, `id,prediction` for a regression; for a multiclass one `id` and a
    column of probabilities for each class, named by its label, or `id,prediction` with the label alone.
    """
    version = version_of(request, name, number, CONTRIBUTE)
    locked = locked_dataset_of(dataset)
    # An id and so many scores per row can't be much larger; all of it is held in memory.
    columns = max(1, len(classes_on(version, locked)))
    limit = min(settings.MAX_DATASET_BYTES, 2**20 + locked.size + 64 * locked.rows * columns)
    sent = body_bytes(request, limit=limit, thing="The file of predictions")
    evaluation = intake.take_predictions(version, locked, io.BytesIO(sent), actor=actor_of(request))
    return Status(201, evaluation_answer(evaluation))


@router.post(
    "/models/{name}/versions/{int:number}/metrics",
    response={201: list[schemas.ReportedMetricAnswer]},
    auth=TokenAuth(WRITE),
)
def post_metrics(
    request: HttpRequest, name: str, number: int, sent: schemas.NewMetrics
) -> Status[list[dict[str, Any]]]:
    """Notes what a pipeline says it measured, as `reported`: shown, never taken for evidence by a gate or a ranking.

    Metrics are those of the version's task. What was said stands: the same again is fine, another value is a conflict.
    """
    version = version_of(request, name, number, CONTRIBUTE)
    found = report_metrics(version, dataset_version_of(sent.dataset), sent.metrics, actor=actor_of(request))
    return Status(201, [reported_metric_answer(each) for each in found])
