from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import visible
from audit.queries import Filters
from dashboard.pages.audit import audit_page
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from registry.queries import models_named


@require_safe
@signed_in
def audit(request: SignedInRequest) -> HttpResponse:
    """The record, newest first; filtered by exact model, verb and user name, paged by the last event seen."""
    filters = Filters(
        model=_as_registered(request, request.GET.get("model", "").strip()),
        verb=request.GET.get("verb", ""),
        actor=request.GET.get("actor", "").strip(),
        before=key_from(request, "before"),
    )
    return render(request, "pages/audit.html", {"page": audit_page(request.user, filters), "filters": filters})


def _as_registered(request: SignedInRequest, name: str) -> str:
    """The model's name as the record writes it: people don't remember its capitals."""
    found = visible(models_named(name), actor=request.user, model_path="pk").first() if name else None
    return found.name if found else name
