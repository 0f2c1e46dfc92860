"""Who may do what, and where it comes from: one person, all accounts, everybody on one model."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from guardian.models import UserObjectPermission

from accounts.access import as_of_now, may
from accounts.actions import change_groups, create_person, edit_person, grant_role, revoke_role
from accounts.roles import IN_WORDS, PERMITS, Role
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Any:
    return factories.personas()


@pytest.fixture
def loan(people: Any) -> Any:
    return factories.model_named("loan")


def answers(page: str) -> dict[str, bool]:
    """Each right of the table, in words, and whether it says Yes."""
    rows = re.findall(r'<th scope="row" role="rowheader">(.*?)</th>\s*<td[^>]*>(.*?)</td>', page, re.DOTALL)
    return {words: "Yes" in answer for words, answer in rows}


def row_of(page: str, words: str) -> str:
    found = re.search(
        rf'<tr role="row">\s*<th scope="row" role="rowheader">[^\n]*{re.escape(words)}.*?</tr>', page, re.DOTALL
    )
    assert found is not None
    return found[0]


# --- One person on one model -----------------------------------------------------------------------------


def test_the_answers_are_those_the_doors_give(people: Any, loan: Any) -> None:
    risk = Group.objects.create(name="risk")
    change_groups(people.dana, [risk], actor=None)
    grant_role("approver", to=risk, actor=people.admin, model=loan)
    grant_role("operator", to=people.dana, actor=None, model=factories.model_named("fare"))
    told = answers(page_of(people.ana, "/people/dana/?model=loan"))
    now = as_of_now(people.dana)
    assert told == {words: may(now, permission, loan) for permission, words in IN_WORDS.items()}
    wanted = PERMITS[Role.CONTRIBUTOR] | PERMITS[Role.APPROVER]
    assert {words for words, yes in told.items() if yes} == {IN_WORDS[permission] for permission in wanted}


def test_each_answer_says_from_which_grant_through_what_by_whom(people: Any, loan: Any) -> None:
    risk = Group.objects.create(name="risk")
    change_groups(people.riley, [risk], actor=None)
    grant = grant_role("approver", to=risk, actor=people.admin, model=loan)
    row = row_of(page_of(people.ana, "/people/riley/?model=LOAN"), IN_WORDS["approve_model"])
    assert "Approver on this model, through group risk" in row
    assert f"grant {grant.pk} by Adele Min" in row
    direct = row_of(page_of(people.ana, "/people/riley/?model=loan"), IN_WORDS["review_model"])
    assert "Reviewer on all models, granted to Riley Chen" in direct
    assert "through group risk" in direct


def test_a_role_granted_to_oneself_is_marked(people: Any, loan: Any) -> None:
    grant_role("approver", to=people.admin, actor=people.admin, model=loan)
    row = row_of(page_of(people.ana, "/people/admin/?model=loan"), IN_WORDS["approve_model"])
    assert "granted to oneself" in row


def test_a_superuser_has_no_right_by_being_one(people: Any, loan: Any) -> None:
    page = page_of(people.ana, "/people/admin/?model=loan")
    assert "That gives no right on models" in page
    assert set(answers(page).values()) == {False}


def test_a_closed_account_has_no_right_though_its_roles_are_named(people: Any, loan: Any) -> None:
    people.riley.is_active = False
    edit_person(people.riley, actor=None)
    page = page_of(people.ana, "/people/riley/?model=loan")
    assert "This account is closed" in page
    assert set(answers(page).values()) == {False}
    assert "Reviewer on all models" in page


def test_a_service_account_is_named_as_one(people: Any, loan: Any) -> None:
    grant_role("contributor", to=create_person("nightly", actor=None, is_service=True), actor=None, model=loan)
    page = page_of(people.ana, "/people/nightly/?model=loan")
    assert "service account" in page
    assert "it never ticks, reviews, approves or waives" in page


def test_permissions_that_no_grant_explains_are_an_alarm(people: Any, loan: Any) -> None:
    assert "The doors disagree" not in page_of(people.ana, "/people/riley/")
    permission = people.riley.user_permissions.get(codename="review_model")
    people.riley.user_permissions.remove(permission)
    page = page_of(people.ana, "/people/riley/")
    assert "The doors disagree with the grants" in page
    assert IN_WORDS["review_model"] in page
    people.riley.user_permissions.add(permission)
    UserObjectPermission.objects.assign_perm("operate_model", people.riley, obj=loan)
    page = page_of(people.ana, "/people/riley/?model=loan")
    assert "The doors disagree with the grants" in page
    assert answers(page)[IN_WORDS["operate_model"]] is True


# --- Everything about one person, and the list -------------------------------------------------------------


def test_without_a_model_every_role_is_listed_the_widest_first(people: Any, loan: Any) -> None:
    grant_role("operator", to=people.dana, actor=people.admin, model=loan)
    page = page_of(people.ana, "/people/dana/")
    assert page.index(">Contributor</th>") < page.index(">Operator</th>")
    assert '<a href="?model=loan">loan</a>' in page


def test_all_accounts_are_listed_with_their_roles(people: Any, loan: Any) -> None:
    risk = Group.objects.create(name="Model risk")
    change_groups(people.dana, [risk], actor=None)
    grant_role("viewer", to=risk, actor=None)
    grant_role("reviewer", to=people.dana, actor=None, model=loan)
    row = row_of(page_of(people.ana, "/people/"), "Dana Ortiz")
    assert "Contributor, Viewer" in row
    assert "a role on 1" in row
    assert "Model risk" in row


@pytest.mark.parametrize(
    ("words", "found"), [("ort", {"dana"}), ("RILEY", {"riley"}), ("risk", {"sam"}), ("x y", set())]
)
def test_people_are_found_by_name_user_name_or_group(people: Any, words: str, found: set[str]) -> None:
    change_groups(people.sam, [Group.objects.create(name="risk"), Group.objects.create(name="risky")], actor=None)
    page = page_of(people.ana, f"/people/?q={words}")
    assert re.findall(r'href="/people/(\w+)/">', page) == sorted(found)


def test_pages_of_people_follow_without_gap_or_double(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.pages.people.PAGE_SIZE", 4)
    first = page_of(people.ana, "/people/")
    link = re.search(r'href="([^"]+)">Next people', first)
    assert link is not None
    second = page_of(people.ana, "/people/" + link[1].replace("&amp;", "&"))
    named = [name for page in (first, second) for name in re.findall(r'href="/people/(\w+)/">', page)]
    assert named == ["admin", "ana", "dana", "omar", "riley", "sam"]


# --- Everybody on one model ----------------------------------------------------------------------------------


def test_a_model_names_everybody_with_a_role_on_it_and_where_it_comes_from(people: Any, loan: Any) -> None:
    risk = Group.objects.create(name="risk")
    change_groups(people.riley, [risk], actor=None)
    grant_role("approver", to=risk, actor=None, model=loan)
    elsewhere = factories.person("Else Where", "reviewer", model=factories.model_named("fare"))
    page = page_of(people.dana, "/models/loan/people/")
    row = row_of(page, "Riley Chen")
    assert re.search(r'(?s)data-label="Reviewer">.*?all models', row)
    assert re.search(r'(?s)data-label="Approver">.*?this model, group risk', row)
    assert re.search(r'data-label="Operator"></td>', row)
    assert elsewhere.display_name not in page
    assert "Adele Min" not in page  # a superuser without a role


def test_who_left_or_lost_the_role_is_gone_from_it(people: Any, loan: Any) -> None:
    revoke_role(people.riley.role_grants.get(), actor=None)
    people.sam.is_active = False
    edit_person(people.sam, actor=None)
    page = page_of(people.dana, "/models/loan/people/")
    assert "Riley Chen" not in page
    assert "Sam Okafor" not in page


def test_where_a_role_comes_from_in_full_is_a_link_for_auditors_only(people: Any, loan: Any) -> None:
    assert "/people/riley/?model=loan" in page_of(people.ana, "/models/loan/people/")
    assert "/people/riley/" not in page_of(people.dana, "/models/loan/people/")


def test_the_models_page_leads_there(people: Any, loan: Any) -> None:
    assert 'href="/models/loan/people/"' in page_of(people.dana, "/models/loan/")


# --- Who sees it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("everywhere", [True, False], ids=["everywhere", "on one model"])
def test_others_rights_are_for_auditors_and_administrators(loan: Any, role: Role, everywhere: bool) -> None:
    reader = factories.person("Reader", role, model=None if everywhere else loan)
    client = client_of(reader)
    sees = role in {Role.AUDITOR, Role.ADMINISTRATOR}
    statuses = [client.get(f"/people/{where}").status_code for where in ("", "dana/", "dana/?model=loan")]
    assert statuses == [200 if sees and everywhere else 403] * 2 + [200 if sees else 403]
    assert client.get(f"/people/{reader.username}/").status_code == 200
    assert ('href="/people/"' in client.get("/account/").content.decode()) == (sees and everywhere)


def test_who_may_not_see_it_can_not_tell_who_is_there(people: Any, loan: Any) -> None:
    assert client_of(people.dana).get("/people/nobody/").status_code == 403
    assert client_of(people.ana).get("/people/nobody/").status_code == 404
    outsider = factories.person("Otto Out")
    assert client_of(outsider).get("/people/dana/?model=loan").status_code == 404
    assert client_of(outsider).get("/models/loan/people/").status_code == 404


@pytest.mark.parametrize("address", ["/people/", "/people/dana/", "/people/dana/?model=loan", "/models/loan/people/"])
def test_the_number_of_queries_does_not_grow_with_people_groups_and_grants(
    people: Any, loan: Any, address: str
) -> None:
    client = client_of(people.ana)
    risk = Group.objects.create(name="risk")
    grant_role("viewer", to=risk, actor=people.admin)
    change_groups(people.dana, [risk], actor=None)
    few = queries_of(lambda: client.get(address))
    for number in range(5):
        group = Group.objects.create(name=f"group {number}")
        grant_role("reviewer", to=group, actor=people.ana, model=loan)
        grant_role("operator", to=people.dana, actor=None, model=factories.model_named(f"other-{number}"))
        member = factories.person(f"Member {number}", "viewer", model=loan)
        change_groups(member, [group, risk], actor=None)
        change_groups(people.dana, [*people.dana.groups.all(), group], actor=None)
    assert queries_of(lambda: client.get(address)) == few
