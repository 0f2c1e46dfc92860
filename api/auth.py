"""Tokens at the API's door: `Authorization: Bearer TOKEN`, or Basic with the token as password. Never cookies."""

import base64
import binascii
from typing import Any

from django.http import HttpRequest

from accounts.models import AccessToken, User
from accounts.reasons import Forbidden, Refusal
from accounts.tokens import user_of
from api.parsing import refuse_nul
from audit.origin import note_token

READ, WRITE = AccessToken.Scope.READ, AccessToken.Scope.WRITE
REVIEW, OPERATE = AccessToken.Scope.REVIEW, AccessToken.Scope.OPERATE


class NotSignedIn(Refusal):
    """No token, or none that is good now."""

    status = 401


class TokenAuth:
    """Lets a request in by a token that has the scope. Every token may read."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> User:
        found = user_of(_token_text(request.headers.get("Authorization", "")))
        if found is None:
            raise NotSignedIn(
                "no_valid_token",
                "There is no valid token with this request: none was sent, or it expired or was revoked.",
                "Send Authorization: Bearer TOKEN. Issue one on your account page or with manage.py issue_token.",
            )
        user, token = found
        if self.scope != READ and self.scope not in token.scopes:
            raise Forbidden(
                "wrong_scope",
                f"This token may not do that: it lacks the scope {self.scope}.",
                f"Issue one with the scope {self.scope}.",
            )
        note_token(token.prefix)
        refuse_nul(request.path)
        return user


def _token_text(header: str) -> str:
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def actor_of(request: HttpRequest) -> User:
    """Who calls: set by TokenAuth on every route."""
    actor: Any = request.auth  # type: ignore[attr-defined]
    assert isinstance(actor, User)
    return actor
