"""Roles in the admin site: granted in three steps, revoked with a reason, found again. All of it on the record."""

import pytest
from django.contrib.auth.models import Group

from accounts.access import as_of_now, may
from accounts.actions import create_person, edit_person, grant_role
from accounts.models import RoleGrant
from accounts.roles import REVIEW, Role
from tests.accounts.admin_pages import GRANTS, errors_of, events
from tests.factories import model_named

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("chosen", "field", "said"),
    [
        ({"user", "group"}, "group", "Choose a person or a group, not both."),
        (set(), "user", "Choose a person, or a group below."),
    ],
    ids=["both", "neither"],
)
def test_a_grant_is_for_a_person_or_a_group(desk, riley, chosen, field, said):
    holders = {"user": riley.pk, "group": Group.objects.create(name="risk").pk}
    before = RoleGrant.objects.count()
    refused = desk.post(f"{GRANTS}add/", {**{name: holders[name] for name in chosen}, "role": "reviewer"})
    assert errors_of(refused) == {field: [said]}
    assert RoleGrant.objects.count() == before


def test_the_same_grant_twice_is_refused_in_words_beside_the_role(desk, ada, riley):
    for _ in range(2):
        answer = desk.post(f"{GRANTS}add/", {"user": riley.pk, "role": "reviewer"})
    assert errors_of(answer) == {"role": [f"{riley} is reviewer there already, granted by {ada}."]}
    assert riley.role_grants.count() == 1


def test_the_same_grant_twice_to_a_group_is_refused_too_but_not_elsewhere(desk):
    risk, loan = Group.objects.create(name="risk"), model_named("loan")
    grant_role(Role.REVIEWER, to=risk, actor=None, model=loan)
    wanted = {"group": risk.pk, "role": "reviewer", "model": loan.pk}
    assert "granted by Assaydesk's set-up" in errors_of(desk.post(f"{GRANTS}add/", wanted))["role"][0]
    assert desk.post(f"{GRANTS}add/", {**wanted, "model": ""}).status_code == 302


def test_each_role_says_what_it_permits(desk):
    page = desk.get(f"{GRANTS}add/").content.decode()
    for told in ("Viewer: see its versions", "Reviewer: tick, review and acknowledge", "Auditor: read every record"):
        assert told in page
    assert [step in page for step in ("Step 1 of 3", "Step 2 of 3", "Step 3 of 3")] == [True] * 3


def test_closed_accounts_are_not_offered(desk, riley):
    riley.is_active = False
    edit_person(riley, actor=None)
    assert riley not in desk.get(f"{GRANTS}add/").context["adminform"].form.fields["user"].queryset
    assert "user" in errors_of(desk.post(f"{GRANTS}add/", {"user": riley.pk, "role": "viewer"}))


def test_who_grants_a_role_to_themselves_is_told_that_it_does_not_count(desk, ada):
    answer = desk.post(f"{GRANTS}add/", {"user": ada.pk, "role": "approver"}, follow=True)
    assert "decisions you make by it on promotions don&#x27;t count" in answer.content.decode()


def test_a_grant_can_not_be_edited(desk, riley):
    grant = grant_role(Role.VIEWER, to=riley, actor=None)
    answer = desk.post(f"{GRANTS}{grant.pk}/change/", {"user": riley.pk, "role": "approver"})
    assert answer.status_code == 403
    grant.refresh_from_db()
    assert grant.role == "viewer"


def test_revoking_asks_for_the_reason_and_puts_it_on_the_record(desk, ada, riley):
    loan = model_named("loan")
    grant = grant_role(Role.REVIEWER, to=riley, actor=None, model=loan)
    page = desk.get(f"{GRANTS}{grant.pk}/delete/")
    assert "Revoke this role?" in page.content.decode()
    assert may(as_of_now(riley), REVIEW, loan)
    done = desk.post(f"{GRANTS}{grant.pk}/delete/", {"_revoke": "1", "reason": "Moved to another team."}, follow=True)
    assert "Revoked: Reviewer for Riley Chen on loan." in done.content.decode()
    assert not may(as_of_now(riley), REVIEW, loan)
    [event] = events("role.revoked")
    assert (event.actor, event.model_name, event.before["role"]) == (ada.username, "loan", "reviewer")
    assert event.reason == "Moved to another team."


@pytest.mark.parametrize("sent", [{"post": "yes"}, {"_revoke": "1"}, {"_revoke": "1", "reason": "  "}])
def test_without_a_reason_nothing_is_revoked(desk, riley, sent):
    grant = grant_role(Role.REVIEWER, to=riley, actor=None)
    answer = desk.post(f"{GRANTS}{grant.pk}/delete/", sent)
    assert answer.status_code == 200
    assert ("Say why" in answer.content.decode()) == ("_revoke" in sent)
    assert riley.role_grants.exists()


def test_several_are_revoked_together_each_on_the_record(desk, riley):
    loan = model_named("loan")
    grants = [grant_role(role, to=riley, actor=None, model=loan) for role in (Role.REVIEWER, Role.CONTRIBUTOR)]
    chosen = {"action": "revoke_chosen", "_selected_action": [grant.pk for grant in grants]}
    asked = desk.post(GRANTS, chosen)
    assert "Revoke these 2 roles?" in asked.content.decode()
    assert riley.role_grants.count() == 2
    assert desk.post(GRANTS, {**chosen, "_revoke": "1", "reason": "Left."}).status_code == 302
    assert not riley.role_grants.exists()
    assert {(event.before["role"], event.reason) for event in events("role.revoked")} == {
        ("reviewer", "Left."),
        ("contributor", "Left."),
    }
    assert not may(as_of_now(riley), REVIEW, loan)


def test_django_s_own_deleting_without_a_reason_is_not_offered(desk, riley):
    grant = grant_role(Role.REVIEWER, to=riley, actor=None)
    desk.post(GRANTS, {"action": "delete_selected", "_selected_action": [grant.pk], "post": "yes"})
    assert riley.role_grants.exists()


def test_what_was_revoked_a_moment_ago_is_said_to_be(desk, riley):
    grant = grant_role(Role.REVIEWER, to=riley, actor=None)
    for _ in range(2):
        answer = desk.post(f"{GRANTS}{grant.pk}/delete/", {"_revoke": "1", "reason": "Left."}, follow=True)
    assert "was revoked already" in answer.content.decode()
    assert len(events("role.revoked")) == 1


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"riley", "pipeline", "risk", "ada"}),
        ("q=Chen", {"riley"}),
        ("q=loan", {"riley"}),
        ("where=all", {"pipeline", "risk", "ada"}),
        ("holder=groups", {"risk"}),
        ("holder=services", {"pipeline"}),
        ("holder=people", {"riley", "ada"}),
        ("role__exact=contributor", {"pipeline"}),
    ],
)
def test_grants_are_found_by_filter_and_search(desk, ada, riley, query, shown):
    risk, pipeline = Group.objects.create(name="risk"), create_person("pipeline", actor=None, is_service=True)
    held = {
        "riley": grant_role(Role.REVIEWER, to=riley, actor=None, model=model_named("loan")),
        "pipeline": grant_role(Role.CONTRIBUTOR, to=pipeline, actor=None),
        "risk": grant_role(Role.APPROVER, to=risk, actor=None),
        "ada": ada.role_grants.get(),
    }
    found = desk.get(f"{GRANTS}?{query}").context["cl"].queryset
    # The factory's dana holds a role, too.
    assert set(found) & set(held.values()) == {held[name] for name in shown}
