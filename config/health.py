"""What watches the installation asks here: is this process up (`/healthz`), can people work (`/readyz`)?"""

import json

from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from accounts.access import may_somewhere
from accounts.roles import OPERATE
from config.readiness import Finding, findings


def healthz(request: HttpRequest) -> HttpResponse:
    """Answers "ok" as long as this process answers at all: who restarts it for a database that is away helps nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether each part does its work: 200 when all do, else 503. Plain text, or JSON by `Accept` or `?format=json`.

    Everybody sees names and yes or no; what is the matter is for signed-in operators only.
    """
    found = findings()
    ready = all(finding.ok for finding in found)
    told = _in_json if _wants_json(request) else _in_lines
    response = told(found, with_reasons=_may_see_reasons(request))
    response.status_code = 200 if ready else 503
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # else Django logs an error each time it is asked
    return response


def _in_json(found: list[Finding], *, with_reasons: bool) -> HttpResponse:
    parts = [{"name": f.name, "ok": f.ok} | ({"reason": f.reason} if with_reasons else {}) for f in found]
    answer = {"ready": all(f.ok for f in found), "parts": parts}
    return HttpResponse(json.dumps(answer), content_type="application/json")


def _in_lines(found: list[Finding], *, with_reasons: bool) -> HttpResponse:
    lines = [f"{f.name}: {f.verdict}{f' ({f.reason})' if with_reasons and f.reason else ''}\n" for f in found]
    return HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")


def _wants_json(request: HttpRequest) -> bool:
    if "format" in request.GET:
        return request.GET["format"] == "json"
    return "application/json" in request.headers.get("Accept", "")


def _may_see_reasons(request: HttpRequest) -> bool:
    try:
        user = request.user
        return not isinstance(user, AnonymousUser) and (user.is_superuser or may_somewhere(user, OPERATE))
    except DatabaseError:
        return False  # then nobody can be recognised
