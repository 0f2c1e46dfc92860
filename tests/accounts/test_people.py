"""Adding people, granting roles, joining groups: what is refused, and what stands on the record."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.actions import change_groups, create_person, edit_person, grant_role, revoke_role
from accounts.models import RoleGrant, User
from accounts.reasons import Conflict, Invalid
from accounts.roles import Role
from audit.models import AuditEvent
from tests.factories import model_named, person, persona

pytestmark = pytest.mark.django_db


def test_usernames_differ_in_more_than_their_case():
    create_person("dana", actor=None)
    with pytest.raises(Conflict, match="already an account named DANA"):
        create_person("DANA", actor=None)
    assert User.objects.count() == 1


@pytest.mark.parametrize("username", ["", "two words", "a" * 151, "semi;colon", "line\nbreak"])
def test_a_username_that_is_none_is_refused(username):
    with pytest.raises(ValidationError):
        create_person(username, actor=None)
    assert not User.objects.exists()


def test_without_a_password_nobody_can_sign_in():
    someone = create_person("pipeline", actor=None, is_service=True)
    assert not someone.has_usable_password()
    assert not someone.check_password("")


def test_a_fresh_installation_has_no_account():
    assert not User.objects.exists()


def test_the_database_keeps_service_accounts_out_of_the_admin_site():
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="pipeline", is_service=True, is_staff=True)


def test_the_database_wants_one_holder_for_a_grant():
    someone, risk = person("Rita"), Group.objects.create(name="risk")
    for holder in ({}, {"user": someone, "group": risk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleGrant.objects.create(role=Role.VIEWER, **holder)


@pytest.mark.parametrize("where", ["everywhere", "on one model"])
def test_a_role_is_granted_once(where):
    someone, model = person("Rita"), model_named() if where == "on one model" else None
    grant_role(Role.REVIEWER, to=someone, actor=None, model=model)
    with pytest.raises(Conflict, match="reviewer there already"):
        grant_role(Role.REVIEWER, to=someone, actor=None, model=model)
    assert someone.role_grants.count() == 1


def test_revoking_names_who_had_what_where_though_the_grant_is_gone():
    someone, admin, loan = person("Rita"), persona("admin"), model_named("loan")
    grant = grant_role(Role.REVIEWER, to=someone, actor=admin, model=loan)
    revoke_role(grant, actor=admin)
    event = AuditEvent.objects.get(verb="role.revoked")
    assert event.subject_name == f"Reviewer for {someone.username} on loan"
    assert event.before == {"role": "reviewer", "holder": someone.username, "model": "loan"}
    assert event.actor == "admin"


def test_joining_no_new_group_is_no_event():
    someone, risk = person("Rita"), Group.objects.create(name="risk")
    change_groups(someone, [risk], actor=None)
    change_groups(someone, [risk], actor=None)
    assert AuditEvent.objects.filter(verb="person.groups_changed").count() == 1


def test_a_service_account_in_a_group_of_administrators_stays_out_of_the_admin_site():
    pipeline = create_person("pipeline", actor=None, is_service=True)
    admins = Group.objects.create(name="admins")
    grant_role(Role.ADMINISTRATOR, to=admins, actor=None)
    change_groups(pipeline, [admins], actor=None)
    assert not User.objects.get(pk=pipeline.pk).is_staff


def test_a_refused_change_of_an_account_changes_nothing():
    rita = person("Rita", Role.REVIEWER)
    rita.is_service = True
    with pytest.raises(Invalid, match="Revoke that role first"):
        edit_person(rita, actor=None)
    assert not User.objects.get(pk=rita.pk).is_service


@pytest.mark.parametrize(
    ("name", "initials"), [("Dana Ortiz", "DO"), ("Ana Maria Lima", "AL"), ("Riley", "RI"), ("", "PE")]
)
def test_a_punch_shows_two_letters(name, initials):
    assert person(name).initials == initials
