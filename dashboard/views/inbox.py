from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from dashboard.pages.defects import resting_for_owner
from dashboard.pages.inbox import open_lists, recently_decided, to_look_at
from dashboard.signed_in import SignedInRequest, signed_in


@require_safe
@signed_in
def inbox(request: SignedInRequest) -> HttpResponse:
    """What waits for the reader. A refresh of the open lists speaks only when a promotion came, went or moved."""
    lists = open_lists(request.user)
    context = {"lists": lists, "waiting_count": lists.waiting.count}
    if request.headers.get("HX-Request"):
        context["has_news"] = request.GET.get("seen") != lists.fingerprint
        response = render(request, "parts/open_lists.html", context)
    else:
        context["to_look_at"] = looks = to_look_at(request.user)
        context["to_look_at_count"] = looks.count
        context["decided"] = recently_decided(request.user)
        context["resting"] = resting_for_owner(request.user)
        response = render(request, "pages/inbox.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
