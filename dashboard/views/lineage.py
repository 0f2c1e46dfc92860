"""Where versions come from, what rests on one thing, and bugs reported in it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import require_somewhere
from accounts.reasons import Refusal
from accounts.roles import VIEW
from approvals.actions import clear_defect, report_defect
from approvals.defect_permissions import fetch_defect
from dashboard.forms.decision import check_words
from dashboard.pages.defects import impact_address
from dashboard.pages.impact import KINDS, impact_page
from dashboard.pages.lineage import lineage_page
from dashboard.signed_in import SignedInRequest, signed_in
from registry.lineage import Basis, basis_named, basis_of_defect
from registry.queries import fetch_version


@require_safe
@signed_in
def version_lineage(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """A version with what it is built on, how it was made, and what follows from it."""
    version = fetch_version(name, number, actor=request.user)
    return render(request, "pages/lineage.html", {"page": lineage_page(version, request.user)})


@require_safe
@signed_in
def impact(request: SignedInRequest) -> HttpResponse:
    """What rests on the one thing that the address names; without one, a form that asks for it."""
    require_somewhere(request.user, VIEW)
    asked = request.GET
    if asked.get("kind") in KINDS:
        return redirect(impact_address(Basis(asked["kind"], asked.get("thing", ""))))
    if not any(asked.get(kind, "").strip() for kind in KINDS):
        return render(request, "pages/impact.html", {"kinds": KINDS})
    return _page(request, basis_named(asked.dict(), actor=request.user))


def _page(request: SignedInRequest, basis: Basis, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "page": impact_page(basis, request.user),
        "kinds": KINDS,
        "refusal": refusal,
        "typed": request.POST.get("reason", ""),
    }
    return render(request, "pages/impact.html", context, status=refusal.status if refusal else 200)


@require_POST
@signed_in
def report(request: SignedInRequest) -> HttpResponse:
    """Reports a bug in the thing that the form names."""
    require_somewhere(request.user, VIEW)
    basis = basis_named(request.POST.dict(), actor=request.user)
    words = request.POST.get("reason", "")

    def do() -> str:
        report_defect(basis, actor=request.user, reason=check_words(words))
        return f"The bug in {basis} is reported. The owners of models that it touches get a letter."

    return _done(request, basis, do)


@require_POST
@signed_in
def clear(request: SignedInRequest, number: int) -> HttpResponse:
    """Clears a reported bug, with the reason why."""
    require_somewhere(request.user, VIEW)
    defect = fetch_defect(number, actor=request.user)
    words = request.POST.get("reason", "")

    def do() -> str:
        clear_defect(defect, actor=request.user, reason=check_words(words))
        return "The reported bug is cleared. What only it held goes on within moments."

    return _done(request, basis_of_defect(defect), do)


def _done(request: SignedInRequest, basis: Basis, do: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, do())
    except Refusal as refusal:
        return _page(request, basis, refusal)
    return redirect(impact_address(basis))
