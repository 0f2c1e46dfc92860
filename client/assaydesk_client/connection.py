"""One server, one token: sends calls, retries the safe ones, turns refusals into exceptions."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from assaydesk_client.addresses import LOOPBACK, checked_address, checked_token, without_query
from assaydesk_client.errors import Misuse, Unreachable, refusal
from assaydesk_client.uploads import Upload

ATTEMPTS = 4
FIRST_PAUSE = 0.25
"""Seconds before the second attempt; each further pause is twice as long."""
ORDINARY_TIMEOUT = httpx.Timeout(60, connect=10)
UPLOAD_TIMEOUT = httpx.Timeout(60, connect=10, read=900)
"""The server answers an upload only after it has checked and stored the last byte."""
PASSING_TROUBLE = frozenset({502, 503, 504})


class Connection:
    """Calls below `{url}/api/v1`, with a bearer token.

    A call is repeated only when that is safe: a GET, or any call whose connection could not even be made.
    """

    def __init__(self, url: str, token: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.url = checked_address(url)
        self._pause = pause
        headers = {
            "Authorization": f"Bearer {checked_token(token)}",
            "Accept": "application/json, application/problem+json",
            "User-Agent": "assaydesk-client",
        }
        self._http = _http_for(urlsplit(self.url).hostname, headers)

    def __repr__(self) -> str:
        return f"Connection({self.url!r})"

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, str | int | None] | None = None) -> Any:
        """The decoded JSON answer. Parameters that are None are left out."""
        return _decoded(self._send("GET", path, params=_given(params)))

    def post(self, path: str, body: Mapping[str, Any], params: Mapping[str, str | int | None] | None = None) -> Any:
        """The decoded answer. With `params` the server has something to fetch or compute first: it is waited for."""
        more: dict[str, Any] = {} if params is None else {"params": _given(params), "timeout": UPLOAD_TIMEOUT}
        return _decoded(self._send("POST", path, json=dict(body), **more))

    def get_text(self, path: str, params: Mapping[str, str | int | None] | None = None) -> str:
        """The answer's text, as it was stored: line ends too."""
        return self._send("GET", path, params=_given(params)).content.decode()

    def put_text(self, path: str, text: str, content_type: str) -> Any:
        headers = {"Content-Type": f"{content_type}; charset=utf-8"}
        return _decoded(self._send("PUT", path, content=text.encode(), headers=headers))

    def send_file(
        self, method: str, path: str, upload: Upload, params: Mapping[str, str | int | None] | None = None
    ) -> Any:
        """Streams a file as the request's body."""
        return _decoded(self._send(method, path, upload=upload, params=_given(params), timeout=UPLOAD_TIMEOUT))

    @contextmanager
    def download(self, path: str, *, from_store: bool = False) -> Iterator[Iterator[bytes]]:
        """The answer's bytes, a piece at a time.

        With `from_store` the server may send us on to the store that keeps them. The token doesn't go along, and
        what comes from there is worth what its digest is: the caller checks it.
        """
        response = self._send("GET", path, stream=True, follow=from_store, headers={"Accept": "*/*"})
        try:
            if response.is_redirect:
                with self._at_store(response) as stored:
                    yield self._watched(stored.iter_bytes())
            else:
                yield self._watched(response.iter_bytes())
        finally:
            response.close()

    @contextmanager
    def _at_store(self, redirect: httpx.Response) -> Iterator[httpx.Response]:
        """The store's answer to one call without our token; it is followed nowhere else."""
        target = self._store_address(redirect)
        host = target.host
        try:
            with (
                _http_for(host, {"Accept": "*/*"}) as stranger,
                stranger.stream("GET", target) as response,
            ):
                if not response.is_success:
                    text = f"The artifact store at {host} answered with status {response.status_code}."
                    raise Unreachable(text, "Try again; the address it was asked by is good for a minute.")
                yield response
        except httpx.RequestError as error:
            text = f"The artifact store at {host} can't be reached: {_reason(error)}."
            remedy = _remedy(error, "The operator can set PRESIGNED_DOWNLOADS=false, if it is closed to you.")
            raise Unreachable(text, remedy) from error

    def _store_address(self, redirect: httpx.Response) -> httpx.URL:
        """Where the server sends us on to. Its query is a key to the bytes: it is in no message."""
        try:
            target = httpx.URL(redirect.headers.get("Location", ""))
        except httpx.InvalidURL:
            target = httpx.URL()
        if not target.host or target.scheme not in {"http", "https"}:
            raise Unreachable(*self._trouble(redirect))
        if target.scheme == "http" and urlsplit(self.url).scheme == "https":
            raise Unreachable(
                f"The artifact store's address is http://{target.host}, which isn't encrypted as {self.url} is.",
                "The operator can set PRESIGNED_DOWNLOADS=false, or give the store an https address.",
            )
        return target

    def _send(self, method: str, path: str, *, follow: bool = False, **call: Any) -> httpx.Response:
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                response = self._send_once(method, path, **call)
            except httpx.RequestError as error:
                if last or not _may_be_repeated(method, error):
                    raise Unreachable(*self._no_answer(error)) from error
            else:
                if last or method != "GET" or response.status_code not in PASSING_TROUBLE:
                    return response if follow and response.is_redirect else self._checked(response)
                response.close()
            self._pause(FIRST_PAUSE * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _send_once(
        self, method: str, path: str, *, stream: bool = False, upload: Upload | None = None, **call: Any
    ) -> httpx.Response:
        if upload is not None:
            call |= {"content": upload.pieces(), "headers": upload.headers}
        request = self._http.build_request(method, f"{self.url}/api/v1{path}", **call)
        response = self._http.send(request, stream=stream)
        if not response.is_success:
            response.read()
        return response

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        if response.is_client_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            raise refusal(response.status_code, _problem(response))
        raise Unreachable(*self._trouble(response))

    def _watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except httpx.RequestError as error:
            raise Unreachable(f"{self.url} broke off in the middle of a download: {error}.") from error

    def _no_answer(self, error: httpx.RequestError) -> tuple[str, str]:
        remedy = _remedy(error, "Check the address (ASSAYDESK_URL) and the network.")
        return f"{self.url} can't be reached: {_reason(error)}.", remedy

    def _trouble(self, response: httpx.Response) -> tuple[str, str]:
        if response.is_redirect:
            target = without_query(response.headers.get("Location", "")) or "elsewhere"
            return f"{self.url} redirects to {target}.", "Set ASSAYDESK_URL to the server's own address."
        text = f"{self.url} answered with status {response.status_code}."
        return text, "Try again later; if it stays, ask the administrator."


def _http_for(host: str | None, headers: Mapping[str, str]) -> httpx.Client:
    """A client for one server. Certificates are judged as the environment says (SSL_CERT_FILE), everywhere."""
    # Shorter than a server keeps a quiet connection, or a write could meet one that is just closing.
    limits = httpx.Limits(keepalive_expiry=1.0)
    try:
        # A proxy for the outside world can't reach this machine's own server: without one, which a transport of
        # our own is.
        direct = httpx.HTTPTransport(limits=limits, trust_env=True) if host in LOOPBACK else None
        return httpx.Client(headers=headers, timeout=ORDINARY_TIMEOUT, limits=limits, transport=direct)
    except OSError as error:  # SSLError is one
        raise Misuse(
            f"The certificates that SSL_CERT_FILE or SSL_CERT_DIR names can't be read: {error.strerror or error}.",
            "Name a file in PEM format.",
        ) from error


def _reason(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__


def _remedy(error: httpx.RequestError, otherwise: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return otherwise
    return "If an authority of your own has signed it, name that one's certificate: SSL_CERT_FILE=/path/to/ca.pem."


def _may_be_repeated(method: str, error: httpx.RequestError) -> bool:
    return method == "GET" or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)


def _given(params: Mapping[str, str | int | None] | None) -> dict[str, str | int]:
    return {key: value for key, value in (params or {}).items() if value is not None}


def _decoded(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        kind = response.headers.get("Content-Type", "something without a type")
        text = f"{response.url.host} answered with {kind} where JSON was due."
        raise Unreachable(text, "Check that ASSAYDESK_URL is the address of an Assaydesk server.") from error


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = json.loads(response.content)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"title": f"{response.status_code} {response.reason_phrase}"}
