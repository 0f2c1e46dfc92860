"""The caller's address behind proxies: what the innermost trusted ones saw, never what the caller claims."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def trusted_proxies_middleware(get_response: GetResponse) -> GetResponse:
    """Sets REMOTE_ADDR for all that comes after: the audit record and the lock on wrong passwords."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = caller_address(request, proxies=settings.TRUSTED_PROXIES)
        return get_response(request)

    return answer


def caller_address(request: HttpRequest, *, proxies: int) -> str:
    """The address that the outermost of so many trusted proxies was called from.

    Each proxy appends whom it was called by to X-Forwarded-For, so the count is from the right; what stands further
    left came with the call and proves nothing. A call that didn't pass that many keeps its connection's address.
    """
    direct: str = request.META.get("REMOTE_ADDR", "")
    claimed = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if proxies == 0 or len(claimed) < proxies:
        return direct
    try:
        return str(ip_address(claimed[-proxies]))
    except ValueError:
        return direct
