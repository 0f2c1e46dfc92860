from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from dashboard.theme import remember_theme


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember the reader's theme and return to the page they were on."""
    here = request.POST.get("next", "")
    # Only back into this site: the field comes from the browser.
    safe = url_has_allowed_host_and_scheme(here, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(here if safe else "/")
    remember_theme(response, request.POST.get("theme", ""), secure=request.is_secure())
    return response
