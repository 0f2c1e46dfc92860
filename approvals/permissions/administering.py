"""Who may change the rules themselves."""

from accounts.access import may_everywhere
from accounts.models import User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import ADMINISTER


def why_not_edit_policies(user: User) -> Reason | None:
    """Why this person can't publish policies: they hold for models that who administers only some can't see."""
    if may_everywhere(user, ADMINISTER):
        return None
    text = "Policies are edited by administrators of all models."
    return PersonalReason("not_permitted", text, "Ask one of them.")
