"""Pages are for people: a visitor is sent to sign in, and comes back to the page they wanted."""

import functools
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import User
from accounts.reasons import NotFound


class SignedInRequest(HttpRequest):
    """A request of which it is known who sent it."""

    user: User


PageView = Callable[..., HttpResponseBase]


def signed_in(view: PageView) -> PageView:
    """Lets people in and nobody else; the view's request is a `SignedInRequest`."""

    @functools.wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        _refuse_nul(request)
        return view(cast(SignedInRequest, request), *args, **kwargs)

    return cast(PageView, login_required(page))


def _refuse_nul(request: HttpRequest) -> None:
    """Raises NotFound for an address with NUL in it, which PostgreSQL can't be asked for."""
    if any("\0" in text for text in (request.path, *(value for _, values in request.GET.lists() for value in values))):
        raise NotFound("not_found", "There is no such address.", "Go back, and type it anew.")
