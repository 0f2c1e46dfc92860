from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import may, may_everywhere
from accounts.roles import ADMINISTER, CONTRIBUTE, REVIEW
from audit.spreadsheets import csv_lines
from dashboard.pages.defects import resting_of_model
from dashboard.pages.model import model_page
from dashboard.pages.version_file import every_row
from dashboard.pages.version_order import Choice
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from registry.queries import fetch_model


def _choice(request: HttpRequest) -> Choice:
    asked = request.GET
    return Choice(
        stage=asked.get("stage", ""),
        dataset=asked.get("dataset", ""),
        sort=asked.get("sort", ""),
        metric=asked.get("metric", ""),
        direction=asked.get("direction", ""),
        after=key_from(request, "after"),
    )


@require_safe
@signed_in
def model(request: SignedInRequest, name: str) -> HttpResponse:
    """A model with its stages, people, history and versions; versions and history are paged by key."""
    found = fetch_model(name, actor=request.user)
    terms_before = key_from(request, "terms_before")
    context = {
        "page": model_page(
            found,
            request.user,
            choice=_choice(request),
            terms_before=terms_before,
            live_at_text=request.GET.get("live_at", ""),
        ),
        "may_promote": may(request.user, CONTRIBUTE, found),
        "may_review": may(request.user, REVIEW, found),
        "may_administer": may_everywhere(request.user, ADMINISTER),
        "terms_before": terms_before,
        "resting": resting_of_model(found, request.user),
    }
    return render(request, "pages/model.html", context)


@require_safe
@signed_in
def versions_file(request: SignedInRequest, name: str) -> StreamingHttpResponse:
    """The table of versions as CSV: all pages of it, in the same order and with the same filter."""
    found = fetch_model(name, actor=request.user)
    lines = csv_lines(every_row(found, _choice(request)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.name}-versions.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
