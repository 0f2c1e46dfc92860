"""Tokens: how their text is made and recognised. Nothing here writes (see actions)."""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from accounts.models import AccessToken, User

REVIEW_HOURS = 24
_LAST_USED_GRAIN = timedelta(minutes=1)


def make_secret() -> tuple[str, str]:
    """A new token's (prefix, text): 256 random bits behind a prefix that may be shown and logged."""
    prefix = f"ady_{secrets.token_hex(4)}"
    return prefix, f"{prefix}_{secrets.token_urlsafe(32)}"


def digest_of(text: str) -> str:
    # Plain SHA-256: the text has 256 random bits, so a slow password hash would protect nothing more.
    return hashlib.sha256(text.encode()).hexdigest()


def user_of(text: str) -> tuple[User, AccessToken] | None:
    """The active user and token behind a token's text, or None. Notes the use, at most once a minute."""
    token = AccessToken.objects.select_related("user").filter(digest=digest_of(text)).first()
    if token is None or not token.is_usable:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _LAST_USED_GRAIN:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user, token
