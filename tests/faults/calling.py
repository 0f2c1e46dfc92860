"""Calls of a desk's API over HTTP, from this process."""

import http.client
import json
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 90.0  # seconds; only a failing test waits that long


@dataclass(frozen=True)
class Answer:
    status: int
    told: Any


@dataclass(frozen=True)
class Caller:
    url: str
    token: str

    def call(self, method: str, path: str, body: object = None, *, length: int | None = None) -> Answer:
        """Sends the body as JSON; bytes as they are; anything that yields bytes, `length` of them, as they come."""
        sent = json.dumps(body) if isinstance(body, dict) else body
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if length is not None:
            headers["Content-Length"] = str(length)
        try:
            # Who is refused in mid-upload is told so, as long as they look at the answer.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, f"/api/v1{path}", sent, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return Answer(answer.status, json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text)

    def post_at_once(self, path: str, bodies: Iterable[dict[str, Any]]) -> list[Answer]:
        """One POST for each body, all at the same moment."""
        sent = list(bodies)
        barrier, answers = threading.Barrier(len(sent)), [Answer(0, "nothing")] * len(sent)

        def post(index: int) -> None:
            barrier.wait(TIMEOUT)
            answers[index] = self.call("POST", path, sent[index])

        threads = [threading.Thread(target=post, args=(index,)) for index in range(len(sent))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers
