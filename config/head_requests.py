"""Answers to HEAD as HTTP wants them: the headers of the whole answer, and no body."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase, StreamingHttpResponse

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def head_middleware(get_response: GetResponse) -> GetResponse:
    """Takes the body off what answers a HEAD request; web servers drop it too, but log a warning each time."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method == "HEAD":
            _empty(response)
        return response

    return answer


def _empty(response: HttpResponseBase) -> None:
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = iter(())
    elif isinstance(response, HttpResponse):
        response.content = b""
