from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.reasons import Forbidden, NotFound, Refusal


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal in words, with its status. What is hidden from a person looks like what isn't there."""
    if isinstance(refusal, NotFound):
        return render(request, "404.html", status=404)
    told = {"reason": refusal.reason, "is_forbidden": isinstance(refusal, Forbidden)}
    return render(request, "refused.html", told, status=refusal.status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that can't be told from a forged one: nothing was done, and how to send it again."""
    return render(request, "403_csrf.html", status=403)
