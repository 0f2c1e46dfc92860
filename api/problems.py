"""Refusals as `application/problem+json` (RFC 9457), with a stable `code`."""

import json
import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from accounts.reasons import Refusal

logger = logging.getLogger(__name__)


def problem(status: int, code: str, detail: str, remedy: str = "", **more: Any) -> HttpResponse:
    body = {"type": "about:blank", "title": code.replace("_", " ").capitalize(), "status": status, "code": code}
    body |= {"detail": detail, "remedy": remedy, **more}
    response = HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="assaydesk"'
    return response


def install_problem_handlers(api: NinjaAPI) -> None:
    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
        reason = refusal.reason
        return problem(refusal.status, reason.code, reason.text, reason.remedy, **refusal.details)

    @api.exception_handler(ValidationError)
    def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [
            {"field": ".".join(str(part) for part in e.get("loc", ())[1:]), "message": e.get("msg", "")}
            for e in error.errors
        ]
        shown = "; ".join(f"{e['field'] or 'body'}: {e['message']}" for e in errors[:3])
        return problem(422, "malformed", f"The request doesn't fit: {shown}.", errors=errors)

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, Refusal):  # of our own parser; ninja has wrapped it
            return refused(request, error.__cause__)
        return problem(error.status_code, "malformed", "The body is not JSON.", "Send one JSON object in UTF-8.")

    @api.exception_handler(RequestDataTooBig)
    def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return problem(413, "too_large", f"The body is over {limit // 1024} KiB.", "Put large things into files.")

    @api.exception_handler(UnreadablePostError)
    def cut_off(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
        return problem(422, "upload_cut_off", "The body was cut off; nothing was kept.", "Send it again.")

    @api.exception_handler(Http404)
    def absent(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(404, "not_found", "There is nothing here.")

    @api.exception_handler(InterfaceError)
    @api.exception_handler(OperationalError)
    def database_away(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("%s %s: the database doesn't answer", request.method, request.path, exc_info=error)
        return problem(503, "database_away", "The database doesn't answer now.", "Try again in a moment.")

    @api.exception_handler(Exception)
    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("%s %s failed", request.method, request.path, exc_info=error)
        return problem(500, "server_error", "Assaydesk failed at this; nothing was changed.", "Tell the administrator.")
