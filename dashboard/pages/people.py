"""Who may do what, and where it comes from: one person's rights, all accounts, everybody on one model."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from accounts.queries import (
    HeldRole,
    Permitted,
    RolesOf,
    accounts_by_name,
    rights_explained,
    roles_held,
    roles_on,
    unexplained_rights,
    with_roles,
)
from accounts.roles import Role
from registry.models import Model

PAGE_SIZE = 50
ON_MODEL_SHOWN = 300


@dataclass(frozen=True)
class AccountRow:
    """An account in the list: its roles on all models by title, and on how many single models it has one."""

    person: User
    everywhere: list[str]
    single_models: int
    groups: list[str]


@dataclass(frozen=True)
class PeoplePage:
    rows: list[AccountRow]
    next_after: str


@dataclass(frozen=True)
class RightsPage:
    """A person's rights. On one model `permitted` says for each right whether and why; without a model `roles` are
    the grants. `disagreeing` are rights that the tables asked at every door hold otherwise than granted."""

    person: User
    model: Model | None
    permitted: list[Permitted]
    roles: list[HeldRole]
    groups: list[str]
    disagreeing: list[str]


@dataclass(frozen=True)
class MemberRow:
    """Somebody with a role on the model: one cell for each role of `ModelPeoplePage.titles`, saying from where."""

    person: User
    cells: list["RoleCell"]


@dataclass(frozen=True)
class RoleCell:
    title: str
    sources: list[str]


@dataclass(frozen=True)
class ModelPeoplePage:
    titles: list[str]
    rows: list[MemberRow]
    more: int


def people_page(*, search: str, after: str) -> PeoplePage:
    """One page of all accounts whose name, user name or group holds every word of `search`."""
    found = with_roles(accounts_by_name(search=search, after=after)[: PAGE_SIZE + 1])
    rows = [_account(each) for each in found[:PAGE_SIZE]]
    return PeoplePage(rows, rows[-1].person.username if len(found) > PAGE_SIZE else "")


def _account(each: RolesOf) -> AccountRow:
    everywhere = sorted({role.title for role in each.roles if not role.model})
    return AccountRow(each.person, everywhere, len({role.model for role in each.roles} - {""}), each.groups)


def rights_page(person: User, model: Model | None) -> RightsPage:
    """What the person may do, on one model or anywhere, and where each right comes from."""
    return RightsPage(
        person=person,
        model=model,
        permitted=rights_explained(person, model) if model else [],
        roles=roles_held(person, model=model),
        groups=list(person.groups.order_by("name").values_list("name", flat=True)),
        disagreeing=sorted(unexplained_rights(person)),
    )


def model_people_page(model: Model) -> ModelPeoplePage:
    """Everybody who holds a role on the model. A role nobody holds stays a column: that is worth knowing too."""
    found = roles_on(model)
    rows = [MemberRow(each.person, _cells(each.roles)) for each in found[:ON_MODEL_SHOWN]]
    return ModelPeoplePage([role.label for role in Role], rows, max(len(found) - ON_MODEL_SHOWN, 0))


def _cells(roles: Iterable[HeldRole]) -> list[RoleCell]:
    roles = list(roles)
    return [RoleCell(role.label, [source(held) for held in roles if held.role == role]) for role in Role]


def source(held: HeldRole) -> str:
    """Where a role comes from, in a few words: `all models, group Risk`."""
    where = "this model" if held.model else "all models"
    return f"{where}, group {held.group}" if held.group else where
