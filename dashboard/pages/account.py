"""The reader's own account: who they are, what they may do and why, their tokens."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from accounts.models import AccessToken, MailChoice, User
from accounts.queries import HeldRole, roles_held

TOKENS_SHOWN = 50
SCOPE_WORDS = {"read": "read", "write": "register and promote", "review": "review"}


MAIL_MEANINGS = {
    MailChoice.AT_ONCE: "One for each review asked of you, and for each decision on what you brought.",
    MailChoice.DAILY: "At {hour}:00, with what waits for you and what was decided; none on a day without either. "
    "What is overdue and what operators change comes at once.",
    MailChoice.NONE: "Your inbox still shows what waits for you.",
}
MAIL_CHOSEN = {
    MailChoice.AT_ONCE: "Letters come each at once. Any that were put off come in one.",
    MailChoice.DAILY: "One letter a day comes, when there is something to tell.",
    MailChoice.NONE: "No letters come from now on.",
}


@dataclass(frozen=True)
class MailChoiceRow:
    """One way for letters to come, and what it means."""

    value: str
    label: str
    meaning: str


@dataclass(frozen=True)
class TokenRow:
    """A token without its text; `state` is usable, expired or revoked."""

    token: AccessToken
    scopes: str
    state: str


@dataclass(frozen=True)
class AccountPage:
    roles: list[HeldRole]
    groups: list[str]
    tokens: list[TokenRow]
    mail_choices: list[MailChoiceRow]


def account_page(user: User) -> AccountPage:
    """What the account page shows; tokens newest first, usable ones before those that ended."""
    now = timezone.now()
    tokens = [_row(token, now) for token in user.tokens.order_by("-created_at", "-pk")[:TOKENS_SHOWN]]
    return AccountPage(
        roles=roles_held(user),
        groups=list(user.groups.order_by("name").values_list("name", flat=True)),
        tokens=sorted(tokens, key=lambda row: row.state != "usable"),
        mail_choices=[
            MailChoiceRow(choice.value, choice.label, MAIL_MEANINGS[choice].format(hour=settings.DIGEST_HOUR))
            for choice in MailChoice
        ],
    )


def _row(token: AccessToken, now: datetime) -> TokenRow:
    scopes = ", ".join(SCOPE_WORDS.get(scope, scope) for scope in token.scopes)
    if token.revoked_at is not None:
        return TokenRow(token, scopes, "revoked")
    return TokenRow(token, scopes, "usable" if token.expires_at > now else "expired")
