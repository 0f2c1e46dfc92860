"""The reader's own account: rights with their reasons, tokens, password."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.actions import grant_role, issue_token
from accounts.models import AccessToken
from accounts.tokens import user_of
from audit.models import AuditEvent
from tests import factories
from tests.dashboard.browsing import client_of, page_of, section

pytestmark = pytest.mark.django_db

NEW_TOKEN = re.compile(r"ady_[0-9a-f]{8}_[\w-]{43}")


@pytest.fixture
def people() -> Any:
    return factories.personas()


def issue(who: Any, **form: Any) -> Any:
    fields = {"action": "issue", "name": "nightly", "scopes": ["read", "write"], "days": "30", **form}
    return client_of(who).post("/account/", fields)


# --- Rights ------------------------------------------------------------------------------------------


def test_each_role_says_where_it_holds_through_what_and_by_whom(people: Any) -> None:
    group = Group.objects.create(name="Model risk")
    people.dana.groups.add(group)
    grant_role("reviewer", to=group, actor=people.admin, model=factories.model_named("loan"))
    rights = section(page_of(people.dana, "/account/"), "rights")
    assert "Contributor" in rights
    assert "all models" in rights
    assert "granted to you" in rights
    assert "group Model risk" in rights
    assert "by Adele Min" in rights
    assert "tick, review and acknowledge" in rights


def test_a_role_granted_to_oneself_is_said_not_to_count(people: Any) -> None:
    grant_role("approver", to=people.admin, actor=people.admin)
    assert "You granted it yourself" in page_of(people.admin, "/account/")
    assert "You granted it yourself" not in page_of(people.sam, "/account/")


def test_a_superuser_without_a_role_is_told_so(people: Any) -> None:
    page = page_of(people.admin, "/account/")
    assert "You have no role yet" in page
    assert "That gives no right to see or approve models" in page


# --- Tokens ------------------------------------------------------------------------------------------


def test_a_new_token_is_shown_once_and_works(people: Any) -> None:
    answer = issue(people.dana)
    assert answer.status_code == 200
    text = NEW_TOKEN.findall(answer.content.decode())
    assert len(text) == 1
    found = user_of(text[0])
    assert found is not None
    assert found[0] == people.dana
    assert found[1].scopes == ["read", "write"]
    assert timedelta(days=29) < found[1].expires_at - timezone.now() <= timedelta(days=30)
    assert not NEW_TOKEN.search(page_of(people.dana, "/account/"))


def test_the_answer_with_a_token_is_kept_by_nobody(people: Any) -> None:
    assert "no-store" in issue(people.dana).headers["Cache-Control"]


def test_a_tokens_text_is_on_no_record(people: Any) -> None:
    text = NEW_TOKEN.findall(issue(people.dana).content.decode())[0]
    event = AuditEvent.objects.get(verb="token.issued")
    assert event.actor == "dana"
    assert text not in str(event.after)
    assert not AccessToken.objects.filter(digest=text).exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "400"}, "less than or equal to 366"),
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["everything"]}, "everything is not one of the available choices"),
        ({"name": ""}, "This field is required."),
        ({"scopes": ["review"], "days": "2"}, "24 hours at most"),
    ],
)
def test_a_refused_token_says_why_and_keeps_what_was_typed(people: Any, form: dict[str, Any], said: str) -> None:
    answer = issue(people.dana, **{"name": "my pipeline", **form})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert form.get("name") == "" or 'value="my pipeline"' in page
    assert not AccessToken.objects.exists()


def test_revoking_ends_a_token_at_once(people: Any) -> None:
    token, text = issue_token(people.dana, actor=people.dana, scopes=["read"], name="old laptop")
    assert "old laptop" in section(page_of(people.dana, "/account/"), "tokens")
    client_of(people.dana).post("/account/", {"action": "revoke", "token": token.pk})
    assert user_of(text) is None
    assert "Revoked" in section(page_of(people.dana, "/account/"), "tokens")


@pytest.mark.parametrize("key", ["x", "", "99999", "\N{SUPERSCRIPT TWO}", "9" * 5000])
def test_only_own_tokens_can_be_revoked(people: Any, key: str) -> None:
    token, text = issue_token(people.dana, actor=people.dana, scopes=["read"])
    for wanted in (token.pk, key):
        assert client_of(people.sam).post("/account/", {"action": "revoke", "token": wanted}).status_code == 404
    assert user_of(text) is not None


def test_nobody_sees_anothers_tokens(people: Any) -> None:
    token, _ = issue_token(people.dana, actor=people.dana, scopes=["read"], name="secret plan")
    page = page_of(people.sam, "/account/")
    assert "secret plan" not in page
    assert token.prefix not in page


# --- Password ----------------------------------------------------------------------------------------


def test_a_changed_password_signs_out_other_devices_and_keeps_this_one(people: Any) -> None:
    here, elsewhere = client_of(people.dana), client_of(people.dana)
    fields = {"old_password": factories.PASSWORD, "new_password1": "quite another phrase"}
    answer = here.post("/account/password/", {**fields, "new_password2": "quite another phrase"})
    assert answer.headers["Location"] == "/account/"
    assert "Your password is changed." in here.get("/account/").content.decode()
    assert elsewhere.get("/account/").status_code == 302
    people.dana.refresh_from_db()
    assert people.dana.check_password("quite another phrase")


def test_a_changed_password_ends_the_tokens_of_the_old_one_and_says_so_before_and_after(people: Any) -> None:
    texts = [issue_token(people.dana, actor=people.dana, scopes=["read"])[1] for _ in range(2)]
    _, anas = issue_token(people.ana, actor=people.ana, scopes=["read"])
    here = client_of(people.dana)
    assert "your 2 usable access tokens end" in here.get("/account/password/").content.decode()
    fields = {"old_password": factories.PASSWORD, "new_password1": "quite another phrase"}
    here.post("/account/password/", {**fields, "new_password2": "quite another phrase"})
    assert "and 2 access tokens ended" in here.get("/account/").content.decode()
    assert [user_of(text) for text in texts] == [None, None]
    assert user_of(anas) is not None
    assert AuditEvent.objects.filter(verb="token.revoked", actor="dana").count() == 2
    assert AuditEvent.objects.get(verb="person.password_changed").after == {"tokens_ended": 2}


def test_a_wrong_old_password_changes_nothing(people: Any) -> None:
    fields = {"old_password": "wrong", "new_password1": "quite another phrase"}
    answer = client_of(people.dana).post("/account/password/", {**fields, "new_password2": "quite another phrase"})
    assert "Nothing was changed." in answer.content.decode()
    people.dana.refresh_from_db()
    assert people.dana.check_password(factories.PASSWORD)
