"""The only door to rights. A door (page or API) gets its objects here, and so asks for permission by fetching.

Rights on one model and on all are held together here: `get_objects_for_user` and `has_perm` of the libraries
disagree about them. A Django superuser has no right by being one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, Permission
from django.db.models import Model, Q, QuerySet
from guardian.models import GroupObjectPermission, UserObjectPermission

from accounts.models import RoleGrant, User
from accounts.reasons import Forbidden, NotFound
from accounts.roles import IN_WORDS, VIEW, roles_permitting

Row = TypeVar("Row", bound=Model)

_MODEL = {"content_type__app_label": "registry", "content_type__model": "model"}


@dataclass(frozen=True)
class Rights:
    """Permission codenames a person holds on all models, and on single ones by primary key."""

    everywhere: frozenset[str]
    on_model: dict[int, frozenset[str]]

    def permit(self, permission: str, model_id: int) -> bool:
        return permission in self.everywhere or permission in self.on_model.get(model_id, ())

    def model_ids(self, permission: str) -> list[int]:
        return [model_id for model_id, held in self.on_model.items() if permission in held]


def rights_of(user: User | AnonymousUser) -> Rights:
    """All rights of a person in three queries, remembered on this instance (one request long)."""
    if not isinstance(user, User) or not user.is_active:
        return Rights(frozenset(), {})
    remembered: Rights | None = getattr(user, "_rights", None)
    if remembered is None:
        remembered = _read_rights(user)
        user._rights = remembered  # type: ignore[attr-defined]
    return remembered


def _read_rights(user: User) -> Rights:
    mine = Q(user=user) | Q(group__user=user)
    everywhere = Permission.objects.filter(mine, **_MODEL).values_list("codename", flat=True)
    own = UserObjectPermission.objects.filter(user=user, **_MODEL)
    by_group = GroupObjectPermission.objects.filter(group__user=user, **_MODEL)
    on_model: dict[int, set[str]] = {}
    for rows in (own, by_group):
        for object_pk, codename in rows.values_list("object_pk", "permission__codename"):
            on_model.setdefault(int(object_pk), set()).add(codename)
    return Rights(frozenset(everywhere), {pk: frozenset(held) for pk, held in on_model.items()})


def may(user: User | AnonymousUser, permission: str, model: Model) -> bool:
    return rights_of(user).permit(permission, model.pk)


def may_somewhere(user: User | AnonymousUser, permission: str) -> bool:
    rights = rights_of(user)
    return permission in rights.everywhere or bool(rights.model_ids(permission))


def may_everywhere(user: User | AnonymousUser, permission: str) -> bool:
    return permission in rights_of(user).everywhere


def visible(
    queryset: QuerySet[Row], *, actor: User | AnonymousUser, permission: str = VIEW, model_path: str
) -> QuerySet[Row]:
    """The rows whose model (at `model_path`, e.g. "version__model"; "pk" for models) the actor has the right on."""
    rights = rights_of(actor)
    if permission in rights.everywhere:
        return queryset
    return queryset.filter(**{f"{model_path}__in": rights.model_ids(permission)})


def fetch(
    queryset: QuerySet[Row], *, actor: User | AnonymousUser, permission: str = VIEW, model_path: str, thing: str
) -> Row:
    """The one row of `queryset`, if the actor has the right on its model.

    Raises NotFound when it is absent or its model is hidden from the actor (the two can't be told apart), and
    Forbidden when the actor sees it but lacks `permission`. `thing` names it: "version 3 of loan".
    """
    row = visible(queryset, actor=actor, model_path=model_path).first()
    if row is None:
        raise NotFound("not_found", f"There is no {thing} that you can see.")
    if permission != VIEW and not visible(
        queryset.model._default_manager.filter(pk=row.pk), actor=actor, permission=permission, model_path=model_path
    ):
        raise Forbidden(
            "not_permitted",
            f"You may not {IN_WORDS[permission]} here.",
            "An administrator can grant a role that permits it.",
        )
    return row


def require_somewhere(user: User | AnonymousUser, permission: str) -> None:
    """For things that belong to no model. Raises Forbidden unless the right is held on at least one model."""
    if not may_somewhere(user, permission):
        raise Forbidden(
            "not_permitted",
            f"You may not {IN_WORDS[permission]}.",
            "An administrator can grant a role that permits it.",
        )


def rights_given_by_others(user: User, permissions: Iterable[str]) -> tuple[bool, set[int]]:
    """Whether one of the rights is held on all models, and on which models by key; by grants that somebody else
    made. One query."""
    roles = {role for permission in permissions for role in roles_permitting(permission)}
    grants = RoleGrant.objects.filter(Q(user=user) | Q(group__user=user), role__in=roles).exclude(granted_by=user)
    models: set[int | None] = set(grants.values_list("model", flat=True))
    return None in models, {pk for pk in models if pk is not None}


def grants_giving(permission: str, model: Model, *, user: User | None = None) -> QuerySet[RoleGrant]:
    """The grants that give `permission` on `model`: for explanations, and to know who granted them."""
    grants = RoleGrant.objects.filter(Q(model=model) | Q(model=None), role__in=roles_permitting(permission))
    if user is not None:
        grants = grants.filter(Q(user=user) | Q(group__user=user))
    return grants


def people_who_may(permission: str, model: Model) -> QuerySet[User]:
    """Active people (no service accounts) who hold `permission` on `model`, by username."""
    grants = grants_giving(permission, model)
    return (
        User.objects.filter(is_active=True, is_service=False)
        .filter(Q(role_grants__in=grants) | Q(groups__role_grants__in=grants))
        .distinct()
        .order_by("username")
    )


def people_who_may_on(permission: str, model_ids: Collection[int]) -> dict[int, list[User]]:
    """As `people_who_may` of each model, by its key; in three queries however many models there are."""
    somewhere = Q(model__in=model_ids) | Q(model=None)
    grants = list(RoleGrant.objects.filter(somewhere, role__in=roles_permitting(permission)))
    reached = Q(role_grants__in=grants) | Q(groups__role_grants__in=grants)
    people = User.objects.filter(reached, is_active=True, is_service=False).distinct().order_by("username")
    holders = [(person, {group.pk for group in person.groups.all()}) for person in people.prefetch_related("groups")]
    return {
        model_id: [
            person for person, groups in holders if any(_gives(each, model_id, person, groups) for each in grants)
        ]
        for model_id in model_ids
    }


def _gives(grant: RoleGrant, model_id: int, person: User, groups: Collection[int]) -> bool:
    is_here = grant.model_id is None or grant.model_id == model_id
    return is_here and (grant.user_id == person.pk or grant.group_id in groups)


def as_of_now(user: User) -> User:
    """The person read afresh, rights and all: for judging again under a lock."""
    return User.objects.get(pk=user.pk)
