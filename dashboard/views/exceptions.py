from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.reasons import Refusal
from approvals.actions import decide_after_review
from approvals.queries import fetch_after_review
from dashboard.forms.decision import check_words
from dashboard.pages.exceptions import exceptions_page
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from


@require_safe
@signed_in
def exceptions(request: SignedInRequest) -> HttpResponse:
    """Waivers, acknowledged doubts, and what operators did; with what others said of it afterwards."""
    return _page(request)


@signed_in
def decide(request: SignedInRequest, number: int) -> HttpResponse:
    """Says whether something done without asking first was right."""
    if request.method != "POST":
        return redirect("exceptions")
    found = fetch_after_review(number, actor=request.user)
    words = request.POST.get("comment", "")
    try:
        verdict = request.POST.get("verdict", "")
        decide_after_review(found, actor=request.user, verdict=verdict, comment=check_words(words))
    except Refusal as refusal:
        return _page(request, refused=(number, words, refusal))
    messages.success(request, "Your word on it is on record.")
    return redirect("exceptions")


def _page(request: SignedInRequest, *, refused: tuple[int, str, Refusal] | None = None) -> HttpResponse:
    model, before = request.GET.get("model", ""), key_from(request, "before")
    page = exceptions_page(request.user, model=model, before=before, refused=refused)
    status = refused[2].status if refused else 200
    return render(request, "pages/exceptions.html", {"page": page, "before": before, "refused": refused}, status=status)
