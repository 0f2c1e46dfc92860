"""What a person may do, and why: for /account/, for those who grant roles, and for reasons that name who can."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import Group
from django.db.models import Model, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.access import Rights, rights_of
from accounts.models import AccessToken, RoleGrant, User
from accounts.roles import IN_WORDS, PERMITS

SET_UP = "Assaydesk's set-up"


@dataclass(frozen=True)
class HeldRole:
    """One way a person came to a role: by grant `number`, to them or to `group`, on `model` ("" for all models)."""

    number: int
    role: str
    title: str
    model: str
    group: str
    granted_by: str
    granted_at: datetime
    self_granted: bool

    @property
    def where(self) -> str:
        return self.model or "all models"

    @property
    def permissions(self) -> frozenset[str]:
        return PERMITS[self.role]

    @property
    def permits(self) -> list[str]:
        """What it permits, in words."""
        return [words for permission, words in IN_WORDS.items() if permission in self.permissions]


@dataclass(frozen=True)
class Permitted:
    """One right of a person on a model: whether they hold it now, and the roles it comes from."""

    permission: str
    words: str
    held: bool
    sources: list[HeldRole]


@dataclass(frozen=True)
class RolesOf:
    """A person with the roles that reach them; `groups` are all they belong to."""

    person: User
    roles: list[HeldRole]
    groups: list[str]


def usable_tokens(person: User) -> QuerySet[AccessToken]:
    return person.tokens.filter(revoked_at=None, expires_at__gt=timezone.now())


def roles_held(user: User, *, model: Model | None = None) -> list[HeldRole]:
    """Every grant that reaches the person, directly or through a group, the widest first; with `model` only those
    that hold on it. One query."""
    grants = _grants().filter(Q(user=user) | Q(group__user=user))
    if model is not None:
        grants = grants.filter(Q(model=model) | Q(model=None))
    return _widest_first(_held(grant, user) for grant in grants)


def rights_explained(person: User, model: Model) -> list[Permitted]:
    """Each right there is on the model, whether the person holds it, and from where: at most four queries."""
    held, roles = rights_of(person), roles_held(person, model=model)
    return [
        Permitted(
            permission=permission,
            words=words,
            held=held.permit(permission, model.pk),
            sources=[role for role in roles if permission in role.permissions],
        )
        for permission, words in IN_WORDS.items()
    ]


def unexplained_rights(person: User) -> set[str]:
    """Rights, in words, that the tables asked at every door give or lack against the grants; empty if all is well."""
    grants = RoleGrant.objects.filter(Q(user=person) | Q(group__user=person))
    everywhere: set[str] = set()
    on_model: defaultdict[int, set[str]] = defaultdict(set)
    for grant in grants:
        (everywhere if grant.model_id is None else on_model[grant.model_id]).update(PERMITS[grant.role])
    granted = Rights(frozenset(everywhere), {pk: frozenset(held) for pk, held in on_model.items()})
    found = rights_of(person)
    differing = set(granted.everywhere ^ found.everywhere)
    for model_id in {*granted.on_model, *found.on_model}:
        differing |= granted.on_model.get(model_id, frozenset()) ^ found.on_model.get(model_id, frozenset())
    return {IN_WORDS.get(permission, permission) for permission in differing} if person.is_active else set()


def accounts_by_name(*, search: str = "", after: str = "") -> QuerySet[User]:
    """People and service accounts by username, after the one last seen."""
    found = User.objects.order_by("username")
    for word in search.split():
        fits = Q(username__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
        found = found.filter(fits | Q(groups__name__icontains=word)).distinct()
    return found.filter(username__gt=after) if after else found


def with_roles(people: QuerySet[User]) -> list[RolesOf]:
    """These people with every role that reaches them, in four queries however many they are."""
    groups = Group.objects.order_by("name").prefetch_related(Prefetch("role_grants", queryset=_grants()))
    found = people.prefetch_related(Prefetch("role_grants", queryset=_grants()), Prefetch("groups", queryset=groups))
    return [_roles_of(person) for person in found]


def roles_on(model: Model) -> list[RolesOf]:
    """Active accounts that hold a role on the model, by name; in five queries however many they are."""
    grants = RoleGrant.objects.filter(Q(model=model) | Q(model=None))
    reached = Q(role_grants__in=grants) | Q(groups__role_grants__in=grants)
    people = User.objects.filter(reached, is_active=True).distinct().order_by("first_name", "last_name", "username")
    here = {"", str(model)}
    return [replace(each, roles=[role for role in each.roles if role.model in here]) for each in with_roles(people)]


def _roles_of(person: User) -> RolesOf:
    groups = list(person.groups.all())
    grants = [*person.role_grants.all(), *(grant for group in groups for grant in group.role_grants.all())]
    roles = _widest_first(_held(grant, person) for grant in grants)
    return RolesOf(person, roles, [group.name for group in groups])


def _grants() -> QuerySet[RoleGrant]:
    return RoleGrant.objects.select_related("group", "model", "granted_by").order_by("model__name", "role", "pk")


def _widest_first(roles: Iterable[HeldRole]) -> list[HeldRole]:
    return sorted(roles, key=lambda role: role.model != "")


def _held(grant: RoleGrant, person: User) -> HeldRole:
    return HeldRole(
        number=grant.pk,
        role=grant.role,
        title=grant.get_role_display(),
        model=grant.model.name if grant.model else "",
        group=grant.group.name if grant.group else "",
        granted_by=grant.granted_by.display_name if grant.granted_by else SET_UP,
        granted_at=grant.granted_at,
        self_granted=grant.granted_by_id == person.pk,
    )
