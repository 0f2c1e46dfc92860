"""What every page's frame needs."""

from functools import partial
from typing import Any

from django.http import HttpRequest

from accounts.access import may_somewhere
from accounts.models import User
from accounts.permissions import why_not_see_people
from accounts.roles import REVIEW
from approvals.waiting import after_reviews_waiting_for, marks_waiting_for
from dashboard.theme import chosen_theme


def desk(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `theme`, for the root element of every page, `waiting_count` and `to_look_at_count`, for
    the navigation, `may_see_people`, for the menu, and `notice_frame`, what an error page stands in.

    Those four are callables, so that parts of pages and error pages, which show none, ask the database nothing.
    """
    user = getattr(request, "user", None)
    return {
        "theme": chosen_theme(request),
        "waiting_count": partial(waiting_count, user),
        "to_look_at_count": partial(to_look_at_count, user),
        "may_see_people": partial(may_see_people, user),
        "notice_frame": partial(notice_frame, user),
    }


def notice_frame(user: object) -> str:
    """Who is signed in keeps menu, search and counts where they went astray; a page drawn without a request has none
    of this, and stands in the bare frame."""
    return "base.html" if isinstance(user, User) and user.is_authenticated else "frame.html"


def may_see_people(user: object) -> bool:
    """Whether the pages about other people's rights are open to this person."""
    return isinstance(user, User) and why_not_see_people(user) is None


def waiting_count(user: object) -> int:
    """How many open promotions wait for this person's mark; who reviews nothing costs no further query."""
    if not isinstance(user, User) or not may_somewhere(user, REVIEW):
        return 0
    return len(marks_waiting_for(user))


def to_look_at_count(user: object) -> int:
    """How many after-reviews this person may judge; who reviews nothing costs no further query."""
    if not isinstance(user, User) or not may_somewhere(user, REVIEW):
        return 0
    return after_reviews_waiting_for(user).count()
