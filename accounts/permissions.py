"""Which accounts can hold which roles, and who sees who holds them. Pages, forms and actions ask the same questions."""

from collections.abc import Collection

from django.contrib.auth.models import Group
from django.db.models import Model

from accounts.access import may, may_everywhere
from accounts.models import RoleGrant, User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import ADMINISTER, AUDIT, CONTRIBUTE, FOR_PEOPLE, REVIEW, Role, roles_permitting


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


def why_not_act_for(actor: User, person: User | None, model: Model) -> Reason | None:
    """Why the actor can't act on behalf of the person. It bars that person from deciding, so it isn't given away."""
    if person is None:
        return None
    if not actor.is_service:
        text = "Only service accounts act on behalf of somebody."
        return Reason("not_a_service", text, "Leave on_behalf_of out: you act for yourself.")
    if not may(person, CONTRIBUTE, model):
        text = f"on_behalf_of: {person} is no contributor of {model}."
        return Reason("person_not_contributor", text, "Name the person whose version it is.")
    return None


def why_not_join(person: User, groups: Collection[Group], actor: User) -> Reason | None:
    """Why the actor can't put this person into these groups: nobody makes themselves a reviewer through one."""
    if person.pk != actor.pk:
        return None
    joined = {group.pk for group in groups} - set(person.groups.values_list("pk", flat=True))
    deciding = RoleGrant.objects.filter(group__in=joined, role__in=roles_permitting(REVIEW)).select_related("group")
    if (grant := deciding.first()) is None:
        return None
    text = f"You can't put yourself into {grant.group}, whose members decide on promotions."
    return Reason("self_granted", text, "Another administrator must add you.")


def why_not_see_people(reader: User, model: Model | None = None) -> Reason | None:
    """Why this person can't see where others' rights come from: on one model, or without `model` on all."""
    for permission in (AUDIT, ADMINISTER):
        if may_everywhere(reader, permission) or (model is not None and may(reader, permission, model)):
            return None
    where = f"on {model}" if model is not None else "on all models"
    return PersonalReason(
        "not_permitted",
        f"Only auditors and administrators see who holds which rights {where}, and why.",
        "What you may do yourself, and why, is on your account page.",
    )
