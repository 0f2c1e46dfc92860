"""What tests of pages share: a signed-in client, parts of a page, counted queries."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Page

#: Opens a browser of its own, with the persona of this name signed in.
OpenPage = Callable[..., Page]
NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.effectiveDirective} ${event.sourceFile}:${event.lineNumber}`);
});
"""


def client_of(who: Any) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page_of(who: Any, address: str, status: int = 200) -> str:
    """A page as this person sees it, after checking its status."""
    answer = client_of(who).get(address)
    assert answer.status_code == status
    return answer.content.decode()


def section(page: str, name: str) -> str:
    """The part of the page under the heading with this id; empty when there is none."""
    found = re.search(rf'<section class="[^"]*" aria-labelledby="{name}">.*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def without_what_was_sent(page: str, address: str) -> str:
    """A page without what its frame repeats of the address asked for, and the tokens of forms, new each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(f'name="next" value="{address}"', "")


def queries_of(act: Callable[[], object]) -> int:
    """How many queries an act asks."""
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)
