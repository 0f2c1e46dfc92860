"""What an operator does from the model's page. Each form also stands on a page of its own, for who has no script."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.reasons import Invalid, NotFound, Refusal, refuse_if
from approvals.actions import roll_back, take_down
from approvals.defects import warning_of
from approvals.permissions import why_not_operate
from dashboard.forms.decision import check_words
from dashboard.pages.operating import rollback_of
from dashboard.signed_in import SignedInRequest, signed_in
from registry.lineage import defects_of_version
from registry.models import Model, Version
from registry.queries import fetch_model, versions_numbered


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def rollback(request: SignedInRequest, name: str) -> HttpResponse:
    """Asks what to go back to and why; a POST does it, at once."""

    def do(model: Model) -> str:
        target = roll_back(
            model,
            actor=request.user,
            reason=check_words(request.POST.get("reason", "")),
            to=_version_chosen(request, model),
            expected_live=_number(request.POST.get("expected_live", "")),
        )
        warning = warning_of(defects_of_version(target), model)
        return f"{target} is live. {warning} Somebody else looks at it afterwards.".replace("  ", " ")

    return _operate(request, name, do, take_down=False)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def take_model_down(request: SignedInRequest, name: str) -> HttpResponse:
    """Asks why nothing should be live; a POST does it, at once."""

    def do(model: Model) -> str:
        expected = _number(request.POST.get("expected_live", ""))
        reason = check_words(request.POST.get("reason", ""))
        take_down(model, actor=request.user, reason=reason, expected_live=expected)
        return f"Nothing of {model.name} is live any more. Somebody else looks at it afterwards."

    return _operate(request, name, do, take_down=True)


def _operate(request: SignedInRequest, name: str, do: Callable[[Model], str], *, take_down: bool) -> HttpResponse:
    model = fetch_model(name, actor=request.user)
    refuse_if(why_not_operate(model, request.user))
    if request.method != "POST":
        return _page(request, model, take_down=take_down)
    try:
        done = do(model)
    except Refusal as refusal:
        return _page(request, model, take_down=take_down, refusal=refusal)
    messages.success(request, done)
    return redirect("model", model.name)


def _page(request: SignedInRequest, model: Model, *, take_down: bool, refusal: Refusal | None = None) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    context = {
        "model": model,
        "rollback": rollback_of(model, request.user, wanted=sent.get("to", "")),
        "take_down": take_down,
        "refusal": refusal,
        "typed": request.POST.get("reason", ""),
    }
    return render(request, "pages/operate.html", context, status=refusal.status if refusal else 200)


def _version_chosen(request: HttpRequest, model: Model) -> Version | None:
    sent = request.POST.get("to", "")
    if not sent:
        return None
    version = versions_numbered(model.name, _number(sent) or 0).first()
    if version is None:
        raise NotFound("not_found", f"{model.name} has no version {sent[:20]}.", "Choose one from the list.")
    return version


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("bad_number", f"{text[:20]!r} is no version's number.", "Reload the page.")
    return int(text)
