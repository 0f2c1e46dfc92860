"""Notes how a request came in, so that every event it leads to says so. It writes no event itself."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.origin import Origin, coming_from

GetResponse = Callable[[HttpRequest], HttpResponse]


def origin_middleware(get_response: GetResponse) -> GetResponse:
    def answer(request: HttpRequest) -> HttpResponse:
        with coming_from(Origin(channel="browser", address=request.META.get("REMOTE_ADDR", ""))):
            return get_response(request)

    return answer
