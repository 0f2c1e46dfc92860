"""Rights follow role grants, whatever happens in whatever order; the oracle knows grants only."""

import random

import pytest
from django.contrib.auth.models import Group
from guardian.models import GroupObjectPermission, UserObjectPermission

from accounts.access import fetch, may, may_everywhere, may_somewhere, people_who_may, people_who_may_on, visible
from accounts.actions import change_groups, grant_role, revoke_role
from accounts.models import RoleGrant, User
from accounts.reasons import Forbidden, NotFound
from registry.models import Model
from tests.factories import model_named, person

#: Written down from what the roles are for, not taken from the code.
PERMITTED = {
    "viewer": {"view_model"},
    "contributor": {"view_model", "contribute_model"},
    "reviewer": {"view_model", "review_model", "view_evaluation_rows"},
    "approver": {"view_model", "review_model", "view_evaluation_rows", "approve_model"},
    "operator": {"view_model", "operate_model"},
    "auditor": {"view_model", "audit_model", "view_evaluation_rows"},
    "administrator": {"view_model", "administer_model"},
}
PERMISSIONS = sorted(set().union(*PERMITTED.values()))


class World:
    """Some people, groups and models, and what was granted: (role, holder, model or None)."""

    def __init__(self) -> None:
        self.people = [person(f"Person {letter}") for letter in "ABC"]
        self.groups = [Group.objects.create(name=name) for name in ("risk", "lending")]
        self.models = [model_named("loan"), model_named("fare")]
        self.grants: dict[tuple, RoleGrant] = {}
        self.joined: dict[int, set[Group]] = {someone.pk: set() for someone in self.people}

    def step(self, chance: random.Random) -> None:
        someone = chance.choice(self.people)
        if chance.random() < 0.25:
            groups = set(chance.sample(self.groups, chance.randint(0, 2)))
            change_groups(someone, groups, actor=None)
            self.joined[someone.pk] = groups
        elif self.grants and chance.random() < 0.45:
            revoke_role(self.grants.pop(chance.choice(sorted(self.grants, key=str))), actor=None)
        else:
            role = chance.choice(sorted(PERMITTED))
            holder, model = chance.choice([someone, *self.groups]), chance.choice([None, *self.models])
            if (role, holder, model) not in self.grants:
                self.grants[role, holder, model] = grant_role(role, to=holder, actor=None, model=model)

    def permitted(self, someone: User, model: Model) -> set[str]:
        mine = {someone, *self.joined[someone.pk]}
        held = {role for role, holder, where in self.grants if holder in mine and where in {None, model}}
        return set().union(*(PERMITTED[role] for role in held))


def afresh(someone: User) -> User:
    return User.objects.get(pk=someone.pk)


def what_fetching_says(someone: User, model: Model, permission: str) -> str:
    try:
        found = fetch(
            Model.objects.filter(pk=model.pk),
            actor=someone,
            permission=permission,
            model_path="pk",
            thing="model",
        )
    except NotFound:
        return "absent"
    except Forbidden:
        return "forbidden"
    assert found == model
    return "found"


def expected_of_fetching(permitted: set[str], permission: str) -> str:
    if "view_model" not in permitted:
        return "absent"
    return "found" if permission in permitted else "forbidden"


@pytest.mark.parametrize("seed", range(4))
def test_rights_follow_any_sequence_of_grants_and_revocations(db, seed):
    chance, world = random.Random(seed), World()
    for _ in range(40):
        world.step(chance)
        someone = afresh(chance.choice(world.people))
        permission = chance.choice(PERMISSIONS)
        permitted = {model: world.permitted(someone, model) for model in world.models}
        at_once = people_who_may_on(permission, [model.pk for model in world.models])
        for model in world.models:
            assert {name for name in PERMISSIONS if may(someone, name, model)} == permitted[model]
            asked = what_fetching_says(someone, model, permission)
            assert asked == expected_of_fetching(permitted[model], permission)
            assert (someone in people_who_may(permission, model)) == (permission in permitted[model])
            assert at_once[model.pk] == list(people_who_may(permission, model))
        seen = set(visible(Model.objects.all(), actor=someone, permission=permission, model_path="pk"))
        assert seen == {model for model in world.models if permission in permitted[model]}
        assert may_somewhere(someone, permission) == any(permission in names for names in permitted.values())


@pytest.mark.parametrize("seed", range(4))
def test_guardians_rows_are_exactly_what_the_grants_permit(db, seed):
    chance, world = random.Random(100 + seed), World()
    for _ in range(40):
        world.step(chance)
    wanted = {
        (holder, model, name) for role, holder, model in world.grants if model is not None for name in PERMITTED[role]
    }
    rows = [*UserObjectPermission.objects.all(), *GroupObjectPermission.objects.all()]
    models = {str(model.pk): model for model in world.models}
    stored = {
        (row.user if hasattr(row, "user") else row.group, models[row.object_pk], row.permission.codename)
        for row in rows
    }
    assert stored == wanted
    assert len(rows) == len(wanted)


@pytest.mark.parametrize("seed", range(4))
def test_taking_every_grant_back_leaves_no_right_behind(db, seed):
    chance, world = random.Random(200 + seed), World()
    for _ in range(30):
        world.step(chance)
    for grant in world.grants.values():
        revoke_role(grant, actor=None)
    assert not UserObjectPermission.objects.exists()
    assert not GroupObjectPermission.objects.exists()
    for someone in map(afresh, world.people):
        assert not someone.user_permissions.exists()
        assert not any(may_everywhere(someone, name) or may_somewhere(someone, name) for name in PERMISSIONS)
        assert not someone.is_staff
    assert not any(group.permissions.exists() for group in world.groups)
