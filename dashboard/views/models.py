from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.pages.models import catalogue
from dashboard.signed_in import SignedInRequest, signed_in


@require_safe
@signed_in
def models(request: SignedInRequest) -> HttpResponse:
    """The catalogue, searched by `q` and paged by the last name seen."""
    search = request.GET.get("q", "").strip()
    after = request.GET.get("after", "")
    found = catalogue(request.user, search=search, after=after)
    return render(request, "pages/models.html", {"catalogue": found, "search": search, "after": after})
