"""What an administrator does in the admin site: roles in three steps, people, groups. All of it on the record."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.access import as_of_now, may
from accounts.actions import edit_person, grant_role
from accounts.models import RoleGrant, User
from accounts.roles import REVIEW, Role
from audit.models import AuditEvent
from tests.factories import PASSWORD, model_named, person

pytestmark = pytest.mark.django_db
GRANTS = "/admin/accounts/rolegrant/"
PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def ada():
    return person("Ada Min", Role.ADMINISTRATOR)


@pytest.fixture
def desk(ada):
    """The administrator's browser, signed in."""
    browser = Client()
    browser.force_login(as_of_now(ada), backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def riley():
    return person("Riley Chen")


@pytest.fixture
def pipeline():
    account = person("Pipeline")
    account.is_service = True
    return edit_person(account, actor=None)


def events(verb):
    return list(AuditEvent.objects.filter(verb=verb).order_by("id"))


def errors_of(response):
    return response.context["adminform"].form.errors


def test_an_administrator_makes_riley_reviewer_on_one_model_in_three_steps(desk, ada, riley):
    loan, fare = model_named("loan"), model_named("fare")

    page = desk.get(f"{GRANTS}add/")
    assert page.status_code == 200
    form = page.context["adminform"].form
    assert set(form.fields) == {"user", "group", "role", "model"}

    chosen = {"user": riley.pk, "role": "reviewer", "model": loan.pk}
    assert riley in form.fields["user"].queryset
    assert loan in form.fields["model"].queryset

    saved = desk.post(f"{GRANTS}add/", chosen)
    assert saved.status_code == 302
    now = as_of_now(riley)
    assert may(now, REVIEW, loan)
    assert not may(now, REVIEW, fare)
    event = events("role.granted")[-1]
    assert (event.actor, event.channel, event.model_name) == (ada.username, "browser", "loan")
    assert event.after == {"role": "reviewer", "holder": riley.username, "model": "loan"}


def test_a_role_left_without_a_model_holds_on_all(desk, riley):
    desk.post(f"{GRANTS}add/", {"user": riley.pk, "role": "reviewer", "model": ""})
    assert may(as_of_now(riley), REVIEW, model_named("fare"))


@pytest.mark.parametrize("role", ["reviewer", "approver", "administrator"])
def test_a_service_account_is_refused_beside_the_field(desk, pipeline, role):
    refused = desk.post(f"{GRANTS}add/", {"user": pipeline.pk, "role": role})
    assert refused.status_code == 200
    assert "service account" in errors_of(refused)["role"][0]
    assert not pipeline.role_grants.exists()


def test_a_service_account_can_be_made_contributor(desk, pipeline):
    assert desk.post(f"{GRANTS}add/", {"user": pipeline.pk, "role": "contributor"}).status_code == 302
    assert pipeline.role_grants.get().role == "contributor"


@pytest.mark.parametrize("both", [True, False], ids=["both", "neither"])
def test_a_grant_is_for_a_person_or_a_group(desk, riley, both):
    risk = Group.objects.create(name="risk")
    chosen = {"user": riley.pk, "group": risk.pk} if both else {}
    before = RoleGrant.objects.count()
    refused = desk.post(f"{GRANTS}add/", {**chosen, "role": "reviewer"})
    assert "Choose a person or a group, not both." in errors_of(refused)["__all__"]
    assert RoleGrant.objects.count() == before


def test_the_same_grant_twice_is_refused_in_words(desk, riley):
    for _ in range(2):
        answer = desk.post(f"{GRANTS}add/", {"user": riley.pk, "role": "reviewer"})
    assert "This role is granted there already." in errors_of(answer)["__all__"]
    assert riley.role_grants.count() == 1


def test_a_grant_can_not_be_edited(desk, riley):
    grant = grant_role(Role.VIEWER, to=riley, actor=None)
    answer = desk.post(f"{GRANTS}{grant.pk}/change/", {"user": riley.pk, "role": "approver"})
    assert answer.status_code == 403
    grant.refresh_from_db()
    assert grant.role == "viewer"


def test_deleting_a_grant_revokes_it_on_the_record(desk, ada, riley):
    loan = model_named("loan")
    grant = grant_role(Role.REVIEWER, to=riley, actor=None, model=loan)
    assert desk.post(f"{GRANTS}{grant.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not may(as_of_now(riley), REVIEW, loan)
    [event] = events("role.revoked")
    assert (event.actor, event.model_name, event.before["role"]) == (ada.username, "loan", "reviewer")


def test_deleting_several_grants_in_the_list_revokes_each_on_the_record(desk, riley):
    loan = model_named("loan")
    grants = [grant_role(role, to=riley, actor=None, model=loan) for role in (Role.REVIEWER, Role.CONTRIBUTOR)]
    chosen = {"action": "delete_selected", "_selected_action": [grant.pk for grant in grants], "post": "yes"}
    assert desk.post(GRANTS, chosen).status_code == 302
    assert not riley.role_grants.exists()
    assert {event.before["role"] for event in events("role.revoked")} == {"reviewer", "contributor"}
    assert not may(as_of_now(riley), REVIEW, loan)


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
