"""Calling the API as a program does, with a token and nothing else."""

import hashlib
import json
from base64 import b64encode
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.actions import issue_token
from accounts.models import User
from tests.replaying import replayed

BASE = "/api/v1"
WORK = ("read", "write")
ALL = ("read", "write", "review")


@replayed
def token_of(user: User, *scopes: str) -> str:
    return issue_token(user, actor=None, scopes=scopes, days=1)[1]


class Caller:
    """A program with one person's token. Paths are those below /api/v1."""

    def __init__(self, user: User | None = None, *scopes: str, header: str | None = None) -> None:
        self._client = Client(raise_request_exception=False)
        self._headers = {} if header is None else {"Authorization": header}
        if user is not None:
            self._headers = {"Authorization": f"Bearer {token_of(user, *scopes or WORK)}"}

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self._client.get(f"{BASE}{path}", query, headers=self._headers)

    def post(self, path: str, sent: Any = None, **more: Any) -> HttpResponse:
        return self.send("POST", path, json.dumps(sent if sent is not None else {}), "application/json", **more)

    def put(self, path: str, content: bytes | str = b"", *, digest: str | bytes | None = None) -> HttpResponse:
        """Raw bytes; `digest` is the Content-Digest header, or the bytes to announce the digest of."""
        headers = {}
        if digest is not None:
            headers["Content-Digest"] = content_digest(digest) if isinstance(digest, bytes) else digest
        return self.send("PUT", path, content, "application/octet-stream", headers=headers)

    def send(
        self,
        method: str,
        path: str,
        content: bytes | str = b"",
        content_type: str = "application/json",
        *,
        headers: dict[str, str] | None = None,
        **environment: Any,
    ) -> HttpResponse:
        told = {"CONTENT_LENGTH": str(len(content.encode() if isinstance(content, str) else content)), **environment}
        sent = self._headers | (headers or {})
        return self._client.generic(method, f"{BASE}{path}", content, content_type, headers=sent, **told)


def content_digest(content: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


def problem_of(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The problem of a refusal, after checking that it is a whole one."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["detail"]
    assert told["title"]
    assert "Traceback" not in response.content.decode()
    return told


def ok(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, (response.status_code, response.content[:500])
    return response.json()
