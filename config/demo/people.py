"""Who takes part in the demo: their accounts, roles and passing tokens."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts.actions import create_person, grant_role, issue_token, revoke_token
from accounts.models import AccessToken, User
from accounts.roles import Role
from assaydesk_client.client import Client

READ, WRITE = AccessToken.Scope.READ, AccessToken.Scope.WRITE
REVIEW, OPERATE = AccessToken.Scope.REVIEW, AccessToken.Scope.OPERATE
ONE_HOUR = 1 / 24  # days, as tokens count; the story takes under a minute
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is easily taken for another


@dataclass(frozen=True)
class Persona:
    """An account of the demo. `scopes`: what its token in the story may do; without any it takes no part."""

    username: str
    name: str
    role: Role
    does: str
    scopes: tuple[str, ...] = ()
    is_service: bool = False


ADMIN = Persona("admin", "Adele Min", Role.ADMINISTRATOR, "grants roles and edits policies in the admin site")
PEOPLE = (
    Persona("dana", "Dana Ortiz", Role.CONTRIBUTOR, "registers versions and asks for promotions", (READ, WRITE)),
    Persona("riley", "Riley Chen", Role.REVIEWER, "reviews models", (READ, REVIEW)),
    Persona("sam", "Sam Okafor", Role.APPROVER, "answers for the business risk", (READ, WRITE, REVIEW)),
    Persona("omar", "Omar Haddad", Role.OPERATOR, "keeps what is live running", (READ, OPERATE)),
    Persona("ana", "Ana Lima", Role.AUDITOR, "reads every record"),
)
PIPELINE = Persona(
    "pipeline", "Nightly pipeline", Role.CONTRIBUTOR, "registers on behalf of dana", (READ, WRITE), is_service=True
)


def choose_password() -> str:
    """The one in ASSAYDESK_DEMO_PASSWORD, else a random one of 59 bits that can be typed."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    return settings.DEMO_PASSWORD or "-".join(groups)


@transaction.atomic
def create_cast(password: str) -> User:
    """All accounts with their roles on all models, or none of them. Answers with the administrator.

    Raises Conflict when one of the names is taken.
    """
    admin = create_person(
        ADMIN.username, name=ADMIN.name, email=_address(ADMIN), password=password, is_superuser=True, actor=None
    )
    grant_role(ADMIN.role, to=admin, actor=None)
    for persona in (*PEOPLE, PIPELINE):
        person = create_person(
            persona.username,
            name=persona.name,
            email=_address(persona),
            password=None if persona.is_service else password,
            is_service=persona.is_service,
            actor=admin,
        )
        grant_role(persona.role, to=person, actor=admin)
    return admin


def _address(persona: Persona) -> str:
    return "" if persona.is_service else f"{persona.username}@example.org"


@contextmanager
def clients(url: str) -> Iterator[dict[str, Client]]:
    """A client of the server at `url` for each who takes part, by username; their tokens end with the block."""
    with ExitStack() as ending:
        yield {
            persona.username: ending.enter_context(_client(url, persona))
            for persona in (*PEOPLE, PIPELINE)
            if persona.scopes
        }


@contextmanager
def _client(url: str, persona: Persona) -> Iterator[Client]:
    user = User.objects.get(username=persona.username)
    token, text = issue_token(user, scopes=persona.scopes, days=ONE_HOUR, name="the demo's story", actor=None)
    try:
        with Client(url, text) as client:
            yield client
    finally:
        revoke_token(token, actor=None)
