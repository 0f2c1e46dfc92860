from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.reasons import Refusal
from approvals.actions import (
    comment_on_promotion,
    rerun_gate,
    restart_promotion,
    resubmit_promotion,
    review_promotion,
    take_over_promotion,
    waive_gate,
    withdraw_promotion,
)
from approvals.models import Promotion, State
from approvals.queries import fetch_promotion
from dashboard.forms.decision import Typed, typed
from dashboard.pages.promotion import gates_part, promotion_page
from dashboard.pages.promotion_moved import has_moved, what_moved
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from

#: Tells htmx to stop asking; the answer is shown all the same.
STOP_POLLING = 286


@require_safe
@signed_in
def show(request: SignedInRequest, number: int) -> HttpResponse:
    """The page; with `part`, a piece of it for a page that is open: `gates` while they run, `moved` after."""
    promotion = fetch_promotion(number, actor=request.user)
    part = request.GET.get("part")
    if part == "gates":
        return _gates(request, promotion)
    if part == "moved":
        return _moved(request, promotion)
    return _page(request, promotion)


@signed_in
def review(request: SignedInRequest, number: int) -> HttpResponse:
    """One person's verdict with ticks and acknowledgements, all from one form."""
    sent = typed("review", request.POST)

    def give(promotion: Promotion) -> str:
        decided = review_promotion(
            promotion,
            actor=request.user,
            verdict=sent.verdict,
            comment=sent.words,
            seal=sent.seal,
            slot=sent.slot,
            ticks=sent.ticks,
            acknowledgements=sent.acknowledgements,
        )
        return _after_review(decided, sent.verdict)

    return _act(request, number, sent, give)


@signed_in
def comment(request: SignedInRequest, number: int) -> HttpResponse:
    sent = typed("comment", request.POST)

    def give(promotion: Promotion) -> str:
        comment_on_promotion(promotion, actor=request.user, comment=sent.words)
        return "Your comment is on the timeline."

    return _act(request, number, sent, give)


@signed_in
def withdraw(request: SignedInRequest, number: int) -> HttpResponse:
    sent = typed("requester", request.POST)

    def give(promotion: Promotion) -> str:
        withdraw_promotion(promotion, actor=request.user, reason=sent.words)
        return "The promotion is withdrawn."

    return _act(request, number, sent, give)


@signed_in
def resubmit(request: SignedInRequest, number: int) -> HttpResponse:
    sent = typed("requester", request.POST)

    def give(promotion: Promotion) -> str:
        resubmit_promotion(promotion, actor=request.user, answer=sent.words)
        return "Resubmitted with your answer."

    return _act(request, number, sent, give)


@signed_in
def rerun(request: SignedInRequest, number: int, key: str) -> HttpResponse:
    sent = typed("rerun", request.POST, gate=key)

    def give(promotion: Promotion) -> str:
        rerun_gate(promotion, key, actor=request.user, reason=sent.words.strip())
        return "The gate runs again; its result appears below."

    return _act(request, number, sent, give)


@signed_in
def waive(request: SignedInRequest, number: int, key: str) -> HttpResponse:
    """An approver's exception for one failed outcome, the one that was on the page."""
    sent = typed("waive", request.POST, gate=key)

    def give(promotion: Promotion) -> str:
        until = sent.end_of_waiver()
        waive_gate(promotion, key, actor=request.user, reason=sent.words, digest=sent.digest, expires_at=until)
        return "Waived, with your reason on record."

    return _act(request, number, sent, give)


@signed_in
def restart(request: SignedInRequest, number: int) -> HttpResponse:
    sent = typed("restart", request.POST)

    def give(promotion: Promotion) -> str:
        restarted = restart_promotion(promotion, actor=request.user, reason=sent.words.strip())
        return f"Restarted under {restarted.policy_revision}."

    return _act(request, number, sent, give)


@signed_in
def take_over(request: SignedInRequest, number: int) -> HttpResponse:
    sent = typed("take_over", request.POST)

    def give(promotion: Promotion) -> str:
        take_over_promotion(promotion, actor=request.user, reason=sent.words)
        return "You see to this promotion now."

    return _act(request, number, sent, give)


def _act(request: SignedInRequest, number: int, sent: Typed, give: Callable[[Promotion], str]) -> HttpResponse:
    """Does what the form asks for, or shows the page with why not, and with what was typed still in it."""
    address = reverse("promotion", args=[number])
    if request.method != "POST":
        return redirect(address)
    promotion = fetch_promotion(number, actor=request.user)
    try:
        sent.check()
        done = give(promotion)
    except Refusal as refusal:
        return _page(request, fetch_promotion(number, actor=request.user), sent=sent, refusal=refusal)
    messages.success(request, done)
    return redirect(f"{address}#main")


def _after_review(promotion: Promotion, verdict: str) -> str:
    if verdict == "request_changes":
        return "Your request for changes is with the requester."
    if verdict == "reject":
        return "Rejected, with your reason on record."
    if promotion.state == State.COMPLETED:
        return f"Approved. {promotion.version} is in {promotion.to_stage} now."
    if promotion.state == State.APPROVED:
        return "Approved. All marks are struck; what it still waits for stands above."
    return "Approved. Your mark is struck; other marks are still needed."


def _page(
    request: SignedInRequest, promotion: Promotion, *, sent: Typed | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    before = key_from(request, "before")
    page = promotion_page(promotion, request.user, sent=sent, refusal=refusal, before=before)
    model = promotion.version.model
    crumbs = [("Inbox", reverse("inbox")), (model.name, reverse("model", args=[model.name]))]
    context = {"page": page, "promotion": promotion, "crumbs": crumbs, "here": f"Promotion {promotion.pk}"}
    return render(request, "promotion/page.html", context, status=refusal.status if refusal else 200)


def _gates(request: SignedInRequest, promotion: Promotion) -> HttpResponse:
    """The gates as they are now, and word of it if that takes the whole page on."""
    seen = _seen(request)
    context: dict[str, object] = {"gates": gates_part(promotion, request.user), "promotion": promotion}
    if has_moved(promotion, **seen):
        context["moved"] = what_moved(promotion, **seen)
    return _part(request, "promotion/gates_refreshed.html", context)


def _moved(request: SignedInRequest, promotion: Promotion) -> HttpResponse:
    """204 while everything is as the page shows it; then, once, what moved."""
    seen = _seen(request)
    if not has_moved(promotion, **seen):
        return _part(request, "", {}, status=204)
    context = {"promotion": promotion, "moved": what_moved(promotion, **seen)}
    return _part(request, "promotion/moved.html", context, status=STOP_POLLING)


def _part(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status) if template else HttpResponse(status=status)
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["HX-Request"])
    return response


def _seen(request: HttpRequest) -> dict[str, str]:
    return {"state": request.GET.get("state", ""), "seal": request.GET.get("seal", "")}
