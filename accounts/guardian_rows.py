"""Writing django-guardian's rows after `RoleGrant`, which is the truth."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from guardian.models import GroupObjectPermission, UserObjectPermission

from accounts.models import RoleGrant, User
from accounts.roles import ADMINISTER, PERMITS, Role


def follow_grants(holder: User | Group, model: Any) -> None:
    """Makes the holder's permissions on one model (None: on all) exactly what the remaining grants permit."""
    held = RoleGrant.objects.filter(**_held_by(holder), model=model).values_list("role", flat=True)
    wanted = frozenset[str]().union(*(PERMITS[role] for role in held))
    permissions = Permission.objects.filter(content_type=_content_type())
    if model is None:
        _follow_on_all(holder, set(permissions), wanted)
    else:
        _follow_on_one(holder, model, set(permissions), wanted)


def _follow_on_all(holder: User | Group, permissions: set[Permission], wanted: frozenset[str]) -> None:
    rows = holder.user_permissions if isinstance(holder, User) else holder.permissions
    rows.remove(*permissions)
    rows.add(*(permission for permission in permissions if permission.codename in wanted))
    admin_pages = Permission.objects.filter(
        content_type__app_label__in=["accounts", "approvals", "auth", "work"],
        content_type__model__in=["user", "rolegrant", "policy", "policyrevision", "group", "mail"],
    )
    if ADMINISTER in wanted:
        rows.add(*admin_pages)
    else:
        rows.remove(*admin_pages)
    follow_administration([holder] if isinstance(holder, User) else holder.user_set.all())


def follow_administration(people: Iterable[User]) -> None:
    """Gives or takes the staff mark, which the admin site asks for, as each one's roles and groups say now."""
    for person in people:
        if person.is_superuser or person.is_service:
            continue
        grants = RoleGrant.objects.filter(Q(user=person) | Q(group__user=person), model=None)
        person.is_staff = grants.filter(role=Role.ADMINISTRATOR).exists()
        person.save(update_fields=["is_staff"])


def _follow_on_one(holder: User | Group, model: Any, permissions: set[Permission], wanted: frozenset[str]) -> None:
    table = UserObjectPermission if isinstance(holder, User) else GroupObjectPermission
    where = {**_held_by(holder), "content_type": _content_type(), "object_pk": str(model.pk)}
    table.objects.filter(**where).exclude(permission__codename__in=wanted).delete()
    for permission in permissions:
        if permission.codename in wanted:
            table.objects.get_or_create(**where, permission=permission)


def _held_by(holder: User | Group) -> dict[str, Any]:
    return {"user" if isinstance(holder, User) else "group": holder}


def _content_type() -> ContentType:
    return ContentType.objects.get_by_natural_key("registry", "model")


def role_subject(grant: RoleGrant) -> str:
    """The grant in words, for the record: it stays true when the row is gone."""
    holder = grant.user.username if grant.user else f"group {grant.group}"
    where = grant.model.name if grant.model else "all models"
    return f"{Role(grant.role).label} for {holder} on {where}"
