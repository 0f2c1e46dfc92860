from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.reasons import Invalid, NotFound, Refusal, refuse_if
from accounts.roles import CONTRIBUTE, VIEW
from approvals.actions import archive_version, deprecate_version, open_promotion
from dashboard.forms.decision import check_words
from dashboard.moments import moment_typed
from dashboard.pages.version import version_page
from dashboard.signed_in import SignedInRequest, signed_in
from registry.models import Version
from registry.permissions import why_files_are_gone
from registry.queries import fetch_version
from registry.stores import BytesGone, store

#: A downloaded file opened by a browser must not run as a page of ours.
FILE_POLICY = "default-src 'none'; sandbox"


def _fetch(request: SignedInRequest, name: str, number: int, permission: str = VIEW) -> Version:
    return fetch_version(name, number, actor=request.user, permission=permission)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def version(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """A version's page. Its forms post to it and say in `action` what is wanted; a refusal keeps the typed words."""
    if request.method != "POST":
        return _page(request, _fetch(request, name, number))
    action = request.POST.get("action", "")
    try:
        if action not in ACTIONS:
            raise Invalid("unknown_action", f"This page has no form named {action!r}.", "Reload the page.")
        return ACTIONS[action](request, name, number)
    except Refusal as refusal:
        return _page(request, _fetch(request, name, number), refused=action, refusal=refusal)


def _page(
    request: SignedInRequest, found: Version, *, refused: str = "", refusal: Refusal | None = None
) -> HttpResponse:
    context = {
        "page": version_page(found, request.user),
        "refused": refused,
        "reason": refusal.reason if refusal else None,
        "typed": request.POST,
    }
    return render(request, "pages/version.html", context, status=refusal.status if refusal else 200)


def _promote(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    promotion = open_promotion(
        _fetch(request, name, number, CONTRIBUTE),
        to_stage=request.POST.get("to", ""),
        actor=request.user,
        reason=check_words(request.POST.get("reason", "")).strip(),
        not_before=_moment_wished(request.POST.get("not_before", "")),
    )
    return redirect("promotion", promotion.pk)


def _moment_wished(text: str) -> datetime | None:
    moment = moment_typed(text)
    if text.strip() and moment is None:
        raise Invalid("bad_moment", f"“Not before” is {text[:30]!r}.", "Write it as YEAR-MONTH-DAYTHOUR:MINUTE.")
    return moment


def _archive(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    found = _fetch(request, name, number)
    archive_version(found, actor=request.user, reason=check_words(request.POST.get("reason", "")))
    return redirect("version", name, number)


def _deprecate(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    found = _fetch(request, name, number)
    deprecate_version(found, actor=request.user, reason=check_words(request.POST.get("reason", "")))
    return redirect("version", name, number)


ACTIONS: dict[str, Callable[[SignedInRequest, str, int], HttpResponse]] = {
    "promote": _promote,
    "archive": _archive,
    "deprecate": _deprecate,
}


@require_safe
@signed_in
def artifact(request: SignedInRequest, name: str, number: int, path: str) -> HttpResponseBase:
    """The bytes of one file of a version, streamed as a download that no browser shows or runs."""
    found = _fetch(request, name, number)
    file = found.files.filter(path=path).first()
    if file is None:
        raise NotFound("no_such_file", f"{found} has no file {path}.")
    refuse_if(why_files_are_gone(found))
    try:
        content = store().open(file.sha256)
    except BytesGone as error:
        raise BytesGone(f"{path} can’t be read: {error.reason.text}") from error
    response = FileResponse(
        content,
        as_attachment=True,
        filename=PurePosixPath(path).name,
        content_type="application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = FILE_POLICY
    return response
