"""What an administrator does in the admin site to people, passwords and groups, and who gets in there."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.access import as_of_now
from accounts.actions import change_groups, grant_role, issue_token
from accounts.models import User
from accounts.roles import Role
from accounts.tokens import user_of
from tests.accounts.admin_pages import GRANTS, PEOPLE, errors_of, events
from tests.factories import PASSWORD, model_named, person

pytestmark = pytest.mark.django_db


# --- People ------------------------------------------------------------------------------------------


def person_form(someone, **changes):
    fields = {"username": someone.username, "first_name": someone.first_name, "last_name": someone.last_name}
    fields |= {"email": someone.email, "is_active": "on", **changes}
    return {name: value for name, value in fields.items() if value is not None}


def test_adding_a_person_is_on_the_record_and_they_have_no_right(desk, ada):
    added = desk.post(
        f"{PEOPLE}add/",
        {"username": "nora", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert added.status_code == 302
    nora = User.objects.get(username="nora")
    assert nora.check_password(PASSWORD)
    assert not nora.is_staff
    assert not nora.user_permissions.exists()
    assert [(event.actor, event.subject_name) for event in events("person.created")][-1] == (ada.username, "nora")


def test_a_weak_password_is_refused(desk):
    weak = {"password1": "password", "password2": "password"}
    refused = desk.post(f"{PEOPLE}add/", {"username": "nora", "usable_password": "true", **weak})
    assert refused.status_code == 200
    assert "password2" in errors_of(refused)
    assert not User.objects.filter(username="nora").exists()


def test_changing_a_persons_groups_is_on_the_record(desk, ada, riley):
    risk = Group.objects.create(name="risk")
    assert desk.post(f"{PEOPLE}{riley.pk}/change/", person_form(riley, groups=[risk.pk])).status_code == 302
    [event] = events("person.groups_changed")
    assert (event.actor, event.subject_name) == (ada.username, riley.username)
    assert (event.before, event.after) == ([], ["risk"])


def test_making_a_person_inactive_is_on_the_record(desk, riley):
    assert desk.post(f"{PEOPLE}{riley.pk}/change/", person_form(riley, is_active=None)).status_code == 302
    event = events("person.edited")[-1]
    assert (event.before["active"], event.after["active"]) == (True, False)
    assert not as_of_now(riley).is_active


@pytest.mark.parametrize("field", ["is_superuser", "is_staff", "user_permissions"])
def test_fields_outside_the_form_can_not_be_smuggled_in(desk, riley, field):
    desk.post(f"{PEOPLE}{riley.pk}/change/", person_form(riley, **{field: "1"}))
    now = as_of_now(riley)
    assert not now.is_superuser
    assert not now.is_staff
    assert not now.user_permissions.exists()


def test_who_decides_can_not_be_turned_into_a_service_account(desk, riley):
    grant_role(Role.REVIEWER, to=riley, actor=None)
    refused = desk.post(f"{PEOPLE}{riley.pk}/change/", person_form(riley, is_service="on"))
    assert refused.status_code == 200
    assert "Revoke that role first" in errors_of(refused)["is_service"][0]
    assert not as_of_now(riley).is_service


def test_who_administers_can_not_be_turned_into_a_service_account(desk, ada):
    refused = desk.post(f"{PEOPLE}{ada.pk}/change/", person_form(ada, is_service="on"))
    assert refused.status_code == 200
    assert errors_of(refused)["is_service"]


def test_people_are_not_deleted(desk, riley):
    assert desk.post(f"{PEOPLE}{riley.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=riley.pk).exists()


# --- Groups ------------------------------------------------------------------------------------------


def test_a_group_is_added_by_name_only_and_on_the_record(desk, ada):
    permission = User._meta.get_field("user_permissions").related_model.objects.first()
    added = desk.post("/admin/auth/group/add/", {"name": "risk", "permissions": [permission.pk]})
    assert added.status_code == 302
    assert not Group.objects.get(name="risk").permissions.exists()
    [event] = events("group.created")
    assert (event.actor, event.subject_name) == (ada.username, "risk")


@pytest.mark.parametrize("way", ["change", "delete"])
def test_a_group_is_neither_renamed_nor_deleted(desk, way):
    risk = Group.objects.create(name="risk")
    answer = desk.post(f"/admin/auth/group/{risk.pk}/{way}/", {"name": "other", "post": "yes"})
    assert answer.status_code == 403
    assert Group.objects.get().name == "risk"


# --- Who gets in -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [None, *sorted(set(Role) - {Role.ADMINISTRATOR})])
def test_only_administrators_get_into_the_admin_site(role):
    browser, someone = Client(), person("Someone", *([role] if role else []))
    browser.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    for address in (GRANTS, f"{GRANTS}add/", PEOPLE, "/admin/auth/group/", "/admin/"):
        assert browser.get(address).status_code == 302
        assert browser.post(address, {"user": someone.pk, "role": "approver"}).status_code == 302
    assert not someone.role_grants.filter(role="approver", granted_by=someone).exists()


def test_an_administrator_of_one_model_only_does_not_get_in():
    browser, someone = Client(), person("Someone", Role.ADMINISTRATOR, model=model_named("loan"))
    browser.force_login(as_of_now(someone), backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(GRANTS).status_code == 302


# --- Passwords ---------------------------------------------------------------------------------------


def test_setting_a_persons_password_ends_their_tokens_and_says_so(desk, ada, riley):
    _, text = issue_token(riley, actor=riley, scopes=["read"])
    fields = {"usable_password": "true", "password1": "another long phrase", "password2": "another long phrase"}
    answer = desk.post(f"{PEOPLE}{riley.pk}/password/", fields, follow=True)
    assert "1 access token of Riley Chen ended." in answer.content.decode()
    assert user_of(text) is None
    [event] = events("person.password_changed")
    assert (event.actor, event.after) == (ada.username, {"tokens_ended": 1})
    assert [(each.actor, each.subject_name) for each in events("token.revoked")] == [(ada.username, riley.username)]


def test_the_admin_sites_own_way_to_change_a_password_leads_to_ours(desk, ada):
    changed = {"old_password": PASSWORD, "new_password1": "another long phrase", "new_password2": "another long phrase"}
    for answer in (desk.get("/admin/password_change/"), desk.post("/admin/password_change/", changed)):
        assert (answer.status_code, answer["Location"]) == (302, "/account/password/")
    assert as_of_now(ada).check_password(PASSWORD)


# --- What a newcomer sees ------------------------------------------------------------------------------


def test_an_accounts_page_says_which_roles_reach_it_and_where_to_grant_one(desk, riley):
    risk = Group.objects.create(name="risk")
    change_groups(riley, [risk], actor=None)
    grant_role(Role.REVIEWER, to=risk, actor=None, model=model_named("loan"))
    page = desk.get(f"{PEOPLE}{riley.pk}/change/").content.decode()
    assert "Reviewer on loan, through group risk" in page
    assert f'href="/people/{riley.username}/"' in page
    assert f'href="{GRANTS}add/?user={riley.pk}"' in page
    prefilled = desk.get(f"{GRANTS}add/?user={riley.pk}").context["adminform"].form
    assert str(prefilled["user"].value()) == str(riley.pk)


def test_a_groups_page_names_its_members_and_roles(desk, riley):
    risk = Group.objects.create(name="risk")
    change_groups(riley, [risk], actor=None)
    grant_role(Role.APPROVER, to=risk, actor=None)
    page = desk.get(f"/admin/auth/group/{risk.pk}/change/").content.decode()
    assert f"Riley Chen ({riley.username})" in page
    assert "Approver on all models" in page


def test_a_service_account_is_added_in_one_go(desk):
    added = desk.post(f"{PEOPLE}add/", {"username": "nightly", "is_service": "on", "usable_password": "false"})
    assert added.status_code == 302
    nightly = User.objects.get(username="nightly")
    assert nightly.is_service
    assert not nightly.has_usable_password()
    assert events("person.created")[-1].after["service"] is True
