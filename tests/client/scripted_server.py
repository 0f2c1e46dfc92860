"""A real HTTP server on this machine whose answers a test writes down beforehand."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

Answer = tuple[int, str, bytes]


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ScriptedServer:
    """Answers each call with the next of its scripted answers; the last one stays."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)

    def answer(self, call: str, body: Any = None, *, status: int = 200, kind: str = "") -> None:
        """`answer("GET /models", {...})`; bytes are sent as they are, anything else as JSON."""
        method, path = call.split(" ", 1)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = kind or ("application/octet-stream" if isinstance(body, bytes) else "application/json")
        self.answers.setdefault((method, "/api/v1" + path), []).append((status, kind, raw))

    def refuse(self, call: str, status: int, code: str, detail: str, remedy: str = "", **more: Any) -> None:
        """A problem document, as the API sends them."""
        body = {"type": "about:blank", "title": "No", "status": status, "detail": detail, "code": code}
        body |= {"remedy": remedy, **more}
        self.answer(call, json.dumps(body).encode(), status=status, kind="application/problem+json")

    def redirect(self, call: str, to: str) -> None:
        """Sends the caller on, as the artifact store's door does."""
        self.answer(call, to.encode(), status=302)

    def hang_up(self, call: str) -> None:
        """Takes the call and ends the connection without a word."""
        self.answer(call, b"", status=0)

    def next_answer(self, call: Call) -> Answer:
        """What to send back for a call that has just arrived."""
        self.calls.append(call)
        planned = self.answers.get((call.method, call.path.partition("?")[0]))
        if not planned:
            return 500, "text/plain", f"nothing scripted for {call.method} {call.path}".encode()
        return planned.pop(0) if len(planned) > 1 else planned[0]

    def sent(self, method: str, ending: str) -> list[Call]:
        """The calls of this method whose path, without its query, ends so."""
        return [c for c in self.calls if c.method == method and c.path.partition("?")[0].endswith(ending)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = Call(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        status, kind, answer = self.server.script.next_answer(call)  # type: ignore[attr-defined]
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302 and answer:
            self.send_header("Location", answer.decode())
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 (the names that http.server looks for)

    def log_message(self, format: str, *args: Any) -> None:
        """Stays quiet."""


@contextmanager
def scripted_server(certificate: Path | None = None) -> Iterator[ScriptedServer]:
    """A server on a free port for the length of the block; with `certificate`, key and certificate in one, by TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    script = ScriptedServer(url=f"http://127.0.0.1:{server.server_port}")
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who doesn't trust us hangs up
        script.url = script.url.replace("http:", "https:")
    server.script = script  # type: ignore[attr-defined]
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
