"""What every page's frame needs."""

from functools import partial
from typing import Any

from django.http import HttpRequest

from accounts.access import may_somewhere
from accounts.models import User
from accounts.permissions import why_not_see_people
from accounts.roles import REVIEW
from approvals.waiting import marks_waiting_for
from dashboard.theme import chosen_theme


def desk(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `theme`, for the root element of every page, `waiting_count`, for the navigation, and
    `may_see_people`, for the menu.

    Those two are callables, so that parts of pages and error pages, which show none, ask the database nothing.
    """
    user = getattr(request, "user", None)
    return {
        "theme": chosen_theme(request),
        "waiting_count": partial(waiting_count, user),
        "may_see_people": partial(may_see_people, user),
    }


def may_see_people(user: object) -> bool:
    """Whether the pages about other people's rights are open to this person."""
    return isinstance(user, User) and why_not_see_people(user) is None


def waiting_count(user: object) -> int:
    """How many open promotions wait for this person's mark; who reviews nothing costs no further query."""
    if not isinstance(user, User) or not may_somewhere(user, REVIEW):
        return 0
    return len(marks_waiting_for(user))
