from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import may_everywhere
from accounts.models import User
from accounts.permissions import why_not_see_people
from accounts.reasons import NotFound, refuse_if
from accounts.roles import ADMINISTER
from dashboard.pages.people import model_people_page, people_page, rights_page
from dashboard.signed_in import SignedInRequest, signed_in
from registry.queries import fetch_model


@require_safe
@signed_in
def people(request: SignedInRequest) -> HttpResponse:
    """All accounts by user name, searched by `q`, for auditors and administrators of all models."""
    refuse_if(why_not_see_people(request.user))
    search, after = _words(request, "q"), _words(request, "after")
    context = {"page": people_page(search=search, after=after), "search": search, "after": after}
    return render(request, "pages/people.html", context | _administers(request))


@require_safe
@signed_in
def person_rights(request: SignedInRequest, username: str) -> HttpResponse:
    """What somebody may do and why: on the model named by `model`, or everywhere. One's own is open to everybody."""
    wanted = _words(request, "model")
    model = fetch_model(wanted, actor=request.user) if wanted else None
    if username != request.user.username:
        refuse_if(why_not_see_people(request.user, model))
    person = User.objects.filter(username=username).first()
    if person is None:
        raise NotFound("not_found", f"There is no account {username}.")
    context = {"page": rights_page(person, model), "sees_all": why_not_see_people(request.user) is None}
    return render(request, "pages/rights.html", context | _administers(request))


@require_safe
@signed_in
def model_people(request: SignedInRequest, name: str) -> HttpResponse:
    """Who holds which role on the model, for everybody who sees it; where each comes from, for its auditors."""
    model = fetch_model(name, actor=request.user)
    context = {
        "model": model,
        "page": model_people_page(model),
        "explains": why_not_see_people(request.user, model) is None,
    }
    return render(request, "pages/model_people.html", context | _administers(request))


def _words(request: SignedInRequest, name: str) -> str:
    return request.GET.get(name, "").strip()


def _administers(request: SignedInRequest) -> dict[str, bool]:
    return {"may_administer": may_everywhere(request.user, ADMINISTER)}
