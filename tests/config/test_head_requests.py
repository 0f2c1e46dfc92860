"""HEAD answers with the headers of GET and no body, whatever kind of answer it is."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.test.client import ClientHandler

from config.head_requests import head_middleware

ANSWERS: dict[str, Callable[[], HttpResponseBase]] = {
    "whole": lambda: HttpResponse(b"body", status=405, headers={"Content-Length": "4"}),
    "json": lambda: JsonResponse({"code": "x"}, headers={"Content-Length": "13"}),
    "streamed": lambda: StreamingHttpResponse(iter([b"bo", b"dy"]), headers={"Content-Length": "4"}),
    "file": lambda: FileResponse(BytesIO(b"body"), headers={"Content-Length": "4"}),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_head_has_the_headers_and_no_body(kind: str) -> None:
    plain, answer = ANSWERS[kind](), head_middleware(lambda _: ANSWERS[kind]())(RequestFactory().head("/"))
    assert b"".join(answer) == b""  # type: ignore[call-overload]
    assert answer.status_code == plain.status_code
    assert dict(answer.headers) == dict(plain.headers)


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_other_method_keeps_its_body(kind: str) -> None:
    answer = head_middleware(lambda _: ANSWERS[kind]())(RequestFactory().get("/"))
    assert b"".join(answer) == b"".join(ANSWERS[kind]())  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("address", "status"), [("/api/v1/models", 405), ("/sign-in/", 200), ("/nowhere/", 404), ("/healthz", 200)]
)
def test_no_address_sends_a_body_to_the_server(db: None, address: str, status: int) -> None:
    """Past Django's test client, which would take the body off by itself."""
    request = RequestFactory().head(address)
    handler = ClientHandler(enforce_csrf_checks=False)
    handler.load_middleware()
    answer = handler.get_response(request)
    assert answer.status_code == status
    assert b"".join(answer) == b""
    assert int(answer["Content-Length"]) > 0
