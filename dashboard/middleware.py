"""Turns a refusal that an action raised into a page that says why and who can."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.reasons import Refusal
from dashboard.views.errors import refusal_page

GetResponse = Callable[[HttpRequest], HttpResponse]


class RefusalMiddleware:
    """Answers a `Refusal` that no view caught; views with a form catch their own and keep the typed words."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page with the refusal's own status; every other exception goes on."""
        return refusal_page(request, exception) if isinstance(exception, Refusal) else None


# Named as middleware is listed in the settings, beside Django's own function-style ones.
refusal_middleware = RefusalMiddleware
