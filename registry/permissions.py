"""Who may do what with a version, beyond the rights that fetching it asks for."""

from accounts.models import User
from accounts.reasons import Reason
from registry.models import Version


def why_not_complete(version: Version, user: User) -> Reason | None:
    """Why this person can't add files or predictions: who brings a version's substance can't decide on it later,
    so it is brought by those whom every promotion of the version bars."""
    if user.pk in {version.registered_by_id, version.on_behalf_of_id}:
        return None
    return Reason(
        "not_registrant",
        f"{version} was registered by {version.registered_by}; nobody else adds files or predictions to it.",
        "Register a version of your own.",
    )
