"""Which accounts can hold which roles. The admin site's forms and the actions ask the same questions."""

from django.contrib.auth.models import Group

from accounts.models import RoleGrant, User
from accounts.reasons import Reason
from accounts.roles import FOR_PEOPLE, Role


def why_not_hold(holder: User | Group, role: str) -> Reason | None:
    """Why this person or group can't be granted the role."""
    if not (isinstance(holder, User) and holder.is_service and role in FOR_PEOPLE):
        return None
    return Reason(
        "service_cannot_decide",
        f"{holder} is a service account and can't be made {Role(role).label.lower()}.",
        "Grant it Contributor; people decide.",
    )


def why_not_service(person: User) -> Reason | None:
    """Why this account can't become (or stay) a service account."""
    held = RoleGrant.objects.filter(user=person, role__in=FOR_PEOPLE).first()
    if held is not None:
        text = f"{person} is {held.get_role_display().lower()}, and a service account can't be."
        return Reason("service_cannot_decide", text, "Revoke that role first.")
    if person.is_staff or person.is_superuser:
        return Reason("service_is_staff", f"{person} may sign in to the admin site, and a service account can't.")
    return None
