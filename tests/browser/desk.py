"""A whole Assaydesk for browser tests: the embedded set-up with its workers alive, and the demo in it."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from assaydesk_client import Client
from tests.processes import Process
from tests.served import MANAGE, PASSWORD, ToldDemo, embedded, serving

CARD = """---
license: mit
---
# A card
## Intended use
Trying things out.
## Training data
None at all.
## Evaluation
See the evidence.
## Limitations
It can't do anything.
"""


@dataclass
class Desk:
    """A running installation. Each test makes models of its own, so that tests don't meet."""

    url: str
    process: Process
    environment: dict[str, str]
    names: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def client(self, who: str, *scopes: str) -> Client:
        """The API as `who`, with a token of these scopes."""
        if (who, *scopes) not in self.tokens:
            self.tokens[who, *scopes] = self._issue_token(who, *scopes or ("write",))
        return Client(self.url, self.tokens[who, *scopes])

    def _issue_token(self, who: str, *scopes: str) -> str:
        arguments = [part for scope in scopes for part in ("--scope", scope)]
        return subprocess.run(
            [sys.executable, MANAGE, "issue_token", who, *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def promotion_in_review(self, folder: Path) -> int:
        """A promotion to Production of a new model under the default policy, waiting for its two marks."""
        return self.promotion_to_production(folder, wait=True)[1]

    def promotion_to_production(self, folder: Path, *, wait: bool) -> tuple[str, int]:
        """The name of a new model, and the promotion of its first version to Production."""
        name = f"tried-{next(self.names)}"
        with self.client("dana") as dana:
            dana.create_model(name)
            number = register(dana, name, folder)
            self.reach(dana, dana.finalize_version(name, number)["promotions"][0], "completed")
            self.have_card_reviewed(name, number)
            promotion = dana.open_promotion(name, number, to="Production", reason="It is time.")["id"]
            if wait:
                self.reach(dana, promotion, "in_review")
        return name, promotion

    def have_card_reviewed(self, name: str, number: int) -> None:
        """Riley stands by the card, as the default policy asks."""
        with self.client("riley", "review") as riley:
            card = riley.version(name, number)["card"]
            assert card is not None
            riley.review_card(name, number, digest=card["digest"])

    def reach(self, client: Client, promotion: int, state: str) -> dict[str, Any]:
        """The promotion once it is in `state`; the workers take it there."""
        for _ in range(600):
            found: dict[str, Any] = dict(client.promotion(promotion))
            if found["state"] == state:
                return found
            client._connection._pause(0.1)
        raise AssertionError(f"Promotion {promotion} stays {found['state']}: {found['gates']}")


def register(client: Client, model: str, folder: Path, **metadata: Any) -> int:
    """A version that any default policy lets pass, open for more files."""
    version = client.register_version(
        model,
        {
            "format": "pickle",
            "features": ["x"],
            "code": {"repository": "https://example.org/repository", "commit": "a" * 40},
            "data": [{"name": f"{model}-data", "kind": "object", "location": "somewhere", "pin": "b" * 64}],
            "environment": {"python": "3.11", "packages": {"numpy": "2"}},
            **metadata,
        },
    )
    number = int(version["version"])
    (folder / "model.pickle").write_bytes(b"never loaded")
    client.upload_artifact(model, number, folder / "model.pickle")
    client.put_card(model, number, CARD)
    return number


def sign_in(page: Page, desk: Desk, who: str) -> None:
    page.goto(f"{desk.url}/sign-in/")
    page.get_by_label("User name").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")


@contextmanager
def desk_after(demo: ToldDemo, folder: Path) -> Iterator[Desk]:
    """A desk of its own on a copy of the demo's, its workers alive; nothing may have gone wrong in its log."""
    with serving(demo.copy(folder), LEASE_SECONDS="5") as (process, url):
        yield Desk(url, process, embedded(folder))
    assert not re.search("database is locked|Traceback", demo.written + process.written), process.written
