from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import fetch, may, may_everywhere
from accounts.roles import ADMINISTER, CONTRIBUTE, REVIEW
from dashboard.pages.model import model_page
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from registry.queries import models_named


@require_safe
@signed_in
def model(request: SignedInRequest, name: str) -> HttpResponse:
    """A model with its stages, people, history and versions; versions and history are paged by key."""
    found = fetch(models_named(name), actor=request.user, model_path="pk", thing=f"model {name}")
    before, terms_before = key_from(request, "before"), key_from(request, "terms_before")
    context = {
        "page": model_page(found, request.user, before=before, terms_before=terms_before),
        "may_promote": may(request.user, CONTRIBUTE, found),
        "may_review": may(request.user, REVIEW, found),
        "may_administer": may_everywhere(request.user, ADMINISTER),
        "before": before,
        "terms_before": terms_before,
    }
    return render(request, "pages/model.html", context)
