"""Fetching is permission: what is hidden looks absent, what is seen but not permitted is refused."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group

from accounts.access import (
    as_of_now,
    fetch,
    grants_giving,
    may,
    may_everywhere,
    may_somewhere,
    people_who_may,
    require_somewhere,
    visible,
)
from accounts.actions import change_groups, edit_person, grant_role, revoke_role
from accounts.queries import roles_held
from accounts.reasons import Forbidden, NotFound
from accounts.roles import ADMINISTER, APPROVE, CONTRIBUTE, REVIEW, VIEW, Role
from registry.models import Model, Version
from tests.factories import model_named, person, persona, version_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan():
    return model_named("loan")


def fetched(actor, model, permission=VIEW):
    rows = Model.objects.filter(pk=model.pk)
    return fetch(rows, actor=actor, permission=permission, model_path="pk", thing="model loan")


def test_an_outsider_is_told_the_same_as_of_something_absent(loan):
    outsider, missing = person("Otto"), Model(pk=10**6, name="none")
    with pytest.raises(NotFound) as hidden:
        fetched(outsider, loan, REVIEW)
    with pytest.raises(NotFound) as absent:
        fetched(outsider, missing, REVIEW)
    assert (hidden.value.status, hidden.value.reason) == (404, absent.value.reason)


def test_an_insider_without_the_right_is_forbidden_in_words(loan):
    viewer = person("Vera", Role.VIEWER, model=loan)
    with pytest.raises(Forbidden) as refused:
        fetched(viewer, loan, REVIEW)
    assert refused.value.status == 403
    assert refused.value.reason.text == "You may not tick, review and acknowledge here."
    assert "administrator" in refused.value.reason.remedy


def test_a_right_on_one_model_says_nothing_of_another(loan):
    fare, reviewer = model_named("fare"), person("Rita", Role.REVIEWER, model=loan)
    assert fetched(reviewer, loan, REVIEW) == loan
    with pytest.raises(NotFound):
        fetched(reviewer, fare)


def test_a_right_on_all_models_holds_for_models_made_later():
    reviewer = person("Rita", Role.REVIEWER)
    assert fetched(reviewer, model_named("fare"), REVIEW).name == "fare"


def test_rights_reach_through_to_what_belongs_to_a_model(loan):
    mine, other = version_of(loan, final=False), version_of(model_named("fare"), final=False)
    viewer = person("Vera", Role.VIEWER, model=loan)
    assert list(visible(Version.objects.all(), actor=viewer, model_path="model")) == [mine]
    with pytest.raises(NotFound):
        fetch(Version.objects.filter(pk=other.pk), actor=viewer, model_path="model", thing="version 1 of fare")


def test_a_superuser_has_no_right_by_being_one(loan):
    admin = persona("admin")
    assert admin.is_superuser
    assert not may(admin, VIEW, loan)
    assert not may_somewhere(admin, REVIEW)
    assert admin not in people_who_may(APPROVE, loan)
    with pytest.raises(NotFound):
        fetched(admin, loan)


def test_a_visitor_has_no_right(loan):
    assert not may(AnonymousUser(), VIEW, loan)
    with pytest.raises(NotFound):
        fetched(AnonymousUser(), loan)


def test_an_account_made_inactive_has_no_right_from_then_on(loan):
    rita = person("Rita", Role.REVIEWER)
    assert may(rita, REVIEW, loan)
    rita.is_active = False
    edit_person(rita, actor=None)
    assert not may(as_of_now(rita), REVIEW, loan)
    assert rita not in people_who_may(REVIEW, loan)


def test_rights_are_remembered_for_a_request_and_read_afresh_under_a_lock(loan, django_assert_num_queries):
    rita = person("Rita", Role.REVIEWER)
    with django_assert_num_queries(3):
        assert all(may(rita, permission, loan) for permission in (VIEW, REVIEW, VIEW))
    revoke_role(rita.role_grants.get(), actor=None)
    assert may(rita, REVIEW, loan)
    assert not may(as_of_now(rita), REVIEW, loan)


def test_a_group_brings_its_roles_to_who_joins_and_takes_them_from_who_leaves(loan):
    risk, rita = Group.objects.create(name="risk"), person("Rita")
    grant_role(Role.APPROVER, to=risk, actor=None, model=loan)
    assert not may(as_of_now(rita), APPROVE, loan)
    change_groups(rita, [risk], actor=None)
    assert may(as_of_now(rita), APPROVE, loan)
    assert list(people_who_may(APPROVE, loan)) == [rita]
    change_groups(rita, [], actor=None)
    assert not may(as_of_now(rita), APPROVE, loan)


def test_two_ways_to_one_right_name_the_person_once_and_one_may_go(loan):
    risk, rita = Group.objects.create(name="risk"), person("Rita", Role.REVIEWER)
    change_groups(rita, [risk], actor=None)
    for where in (None, loan):
        grant_role(Role.APPROVER, to=risk, actor=None, model=where)
    assert list(people_who_may(REVIEW, loan)) == [rita]
    revoke_role(rita.role_grants.get(), actor=None)
    assert may(as_of_now(rita), REVIEW, loan)


def test_service_accounts_are_not_among_people(loan):
    pipeline = person("Pipeline")
    pipeline.is_service = True
    edit_person(pipeline, actor=None)
    grant_role(Role.CONTRIBUTOR, to=pipeline, actor=None, model=loan)
    assert may(as_of_now(pipeline), CONTRIBUTE, loan)
    assert pipeline not in people_who_may(CONTRIBUTE, loan)


def test_who_granted_a_role_to_oneself_is_known(loan):
    ada = person("Ada", Role.ADMINISTRATOR)
    grant_role(Role.APPROVER, to=ada, actor=ada, model=loan)
    [grant] = grants_giving(APPROVE, loan, user=ada)
    assert grant.granted_by == ada
    told = {(role.title, role.self_granted) for role in roles_held(ada)}
    assert told == {("Administrator", False), ("Approver", True)}


def test_an_account_tells_what_one_may_do_and_why(loan):
    risk, admin, rita = Group.objects.create(name="risk"), persona("admin"), person("Rita")
    change_groups(rita, [risk], actor=admin)
    grant_role(Role.REVIEWER, to=risk, actor=admin, model=loan)
    grant_role(Role.VIEWER, to=rita, actor=None)
    everywhere, here = roles_held(rita)
    assert (everywhere.title, everywhere.where, everywhere.group) == ("Viewer", "all models", "")
    assert everywhere.granted_by == "Assaydesk's set-up"
    assert (here.title, here.where, here.group, here.granted_by) == ("Reviewer", "loan", "risk", "Adele Min")
    assert here.permits == [
        "see its versions, evidence and promotions",
        "tick, review and acknowledge",
        "look at the rows behind its evidence",
    ]


def test_what_belongs_to_no_model_asks_for_the_right_on_some_model(loan):
    rita = person("Rita", Role.REVIEWER, model=loan)
    require_somewhere(rita, REVIEW)
    assert not may_everywhere(rita, REVIEW)
    with pytest.raises(Forbidden, match="You may not approve to Production or lock datasets"):
        require_somewhere(rita, APPROVE)


def test_the_administrators_role_opens_the_admin_site_and_its_loss_shuts_it():
    ada = person("Ada")
    grant = grant_role(Role.ADMINISTRATOR, to=ada, actor=None)
    assert as_of_now(ada).is_staff
    assert as_of_now(ada).has_perm("accounts.add_rolegrant")
    revoke_role(grant, actor=None)
    assert not as_of_now(ada).is_staff
    assert not as_of_now(ada).has_perm("accounts.add_rolegrant")


def test_administrators_by_a_group_can_open_the_admin_site_while_they_are_in_it():
    admins, ada = Group.objects.create(name="admins"), person("Ada")
    grant = grant_role(Role.ADMINISTRATOR, to=admins, actor=None)
    change_groups(ada, [admins], actor=None)
    assert as_of_now(ada).is_staff
    change_groups(ada, [], actor=None)
    assert not as_of_now(ada).is_staff
    change_groups(ada, [admins], actor=None)
    revoke_role(grant, actor=None)
    assert not as_of_now(ada).is_staff


def test_an_administrator_of_two_grants_stays_one_until_both_are_gone():
    admins, ada = Group.objects.create(name="admins"), person("Ada")
    change_groups(ada, [admins], actor=None)
    grants = [grant_role(Role.ADMINISTRATOR, to=holder, actor=None) for holder in (ada, admins)]
    revoke_role(grants[0], actor=None)
    assert as_of_now(ada).is_staff
    assert may_everywhere(as_of_now(ada), ADMINISTER)
    revoke_role(grants[1], actor=None)
    assert not as_of_now(ada).is_staff
