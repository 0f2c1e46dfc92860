"""What a person may do, and why: for /account/ and for reasons that name who can."""

from dataclasses import dataclass

from django.db.models import Q

from accounts.models import RoleGrant, User
from accounts.roles import IN_WORDS, PERMITS


@dataclass(frozen=True)
class HeldRole:
    """One way a person came to a role: `where` it holds, `through` which grant, what it `permits` in words."""

    role: str
    where: str
    through: str
    granted_by: str
    granted_at: object
    permits: list[str]
    self_granted: bool


def roles_held(user: User) -> list[HeldRole]:
    """Every grant that reaches the person, directly or through a group, the widest first."""
    grants = (
        RoleGrant.objects.filter(Q(user=user) | Q(group__user=user))
        .select_related("group", "model", "granted_by")
        .order_by("model__name", "role")
    )
    held = [
        HeldRole(
            role=grant.get_role_display(),
            where=grant.model.name if grant.model else "all models",
            through=f"group {grant.group}" if grant.group else "granted to you",
            granted_by=grant.granted_by.display_name if grant.granted_by else "Assaydesk's set-up",
            granted_at=grant.granted_at,
            permits=[IN_WORDS[permission] for permission in IN_WORDS if permission in PERMITS[grant.role]],
            self_granted=grant.granted_by_id == user.pk,
        )
        for grant in grants
    ]
    return sorted(held, key=lambda role: role.where != "all models")
