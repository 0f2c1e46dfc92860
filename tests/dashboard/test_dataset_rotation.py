"""Locking a newer version in the browser, the warning of worn data, and letting policies name the newer version."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.roles import Role
from approvals.models import PolicyRevision, State
from evidence import exposure
from evidence.actions import lock_dataset
from evidence.exposure import best_of_equals
from evidence.labels import Declaration
from evidence.models import LockedDataset
from tests import factories
from tests.dashboard.browsing import client_of, page_of, section

pytestmark = pytest.mark.django_db

ADDRESS = "/datasets/loan-holdout/lock/"
FIRST, SECOND = "/datasets/loan-holdout/versions/1/", "/datasets/loan-holdout/versions/2/"
ROWS = "id,amount,region,approved\na,1,north,yes\nb,2,south,no\nc,3,south,yes"
DECLARED = {
    "id_column": "id",
    "task": "binary",
    "target": "approved",
    "positive": "yes",
    "segments": "region",
    "weight": "",
}

AS_BEFORE = Declaration("id", "approved", "yes", ["region"])


@pytest.fixture
def people() -> Any:
    return factories.personas()


def text_of(part: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip()


def sent(who: Any, text: str = ROWS, **changed: str) -> Any:
    file = SimpleUploadedFile("rows.csv", text.encode(), "text/csv")
    return client_of(who).post(ADDRESS, {**DECLARED, "file": file, **changed})


def error_of(page: str, field: str) -> str:
    found = re.search(rf'<div id="id_{field}_error">(.*?)</div>', page, re.DOTALL)
    return text_of(found[1]) if found else ""


# --- Locking in the browser --------------------------------------------------------------------------


def test_the_form_begins_with_what_the_newest_version_declares(people: Any) -> None:
    factories.holdout()
    page = page_of(people.sam, ADDRESS)
    assert "what loan-holdout@1 declares" in page
    for name, value in (("id_column", "id"), ("target", "approved"), ("positive", "yes"), ("segments", "region")):
        assert re.search(rf'name="{name}" value="{value}"', page)
    assert "at most" in page


def test_an_approver_locks_a_file(people: Any) -> None:
    factories.holdout()
    answer = sent(people.sam, weight="amount")
    assert (answer.status_code, answer["Location"]) == (302, SECOND)
    locked = LockedDataset.objects.get(dataset_version__number=2)
    assert (locked.rows, locked.positives, locked.segment_columns, locked.weight_column) == (3, 2, ["region"], "amount")
    assert locked.locked_by == people.sam
    shown = text_of(section(page_of(people.sam, SECOND), "facts"))
    assert "Weight amount" in shown


def test_rows_without_labels_read_as_such(people: Any) -> None:
    factories.holdout()
    assert sent(people.sam, target="", positive="").status_code == 302
    assert "none: no labels, so versions are compared with each other only" in page_of(people.riley, SECOND)
    assert "3 rows, no labels" in text_of(page_of(people.riley, "/datasets/loan-holdout/"))


@pytest.mark.parametrize(
    ("text", "changed", "field", "words"),
    [
        (ROWS, {"id_column": "key"}, "id_column", "has no column 'key'"),
        (ROWS, {"segments": "region, colour"}, "segments", "has no column 'colour'"),
        (ROWS, {"weight": "region", "segments": ""}, "weight", "are no numbers above 0"),
        (ROWS, {"positive": ""}, "positive", "needs the value that counts as yes"),
        (ROWS, {"positive": "maybe"}, "positive", "maybe"),
        (ROWS.replace("b,", "a,"), {}, "id_column", "ids more than once"),
        ("", {}, "file", "empty"),
        ("id,id\na,b", {}, "file", "id"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_words_are_kept(
    people: Any, text: str, changed: dict[str, str], field: str, words: str
) -> None:
    factories.holdout()
    answer = sent(people.sam, text, **{"weight": "", **changed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in error_of(page, field).replace("&#x27;", "'")
    assert "choose the file again" in page
    assert 'name="target" value="approved"' in page
    assert LockedDataset.objects.count() == 1


def test_the_same_bytes_are_not_locked_twice(people: Any) -> None:
    factories.holdout()
    sent(people.sam)
    assert error_of(sent(people.sam).content.decode(), "file")
    assert LockedDataset.objects.count() == 2


@pytest.mark.parametrize("size", [400, 3 * 1024**2])
def test_a_file_over_the_limit_is_dropped_and_the_words_are_kept(people: Any, settings: Any, size: int) -> None:
    factories.holdout()
    settings.MAX_DATASET_BYTES = 300
    answer = sent(people.sam, ROWS + "\n" + "x" * size, target="outcome")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "It is too large." in error_of(page, "file")
    assert 'name="target" value="outcome"' in page


def test_who_is_no_approver_is_neither_offered_the_form_nor_let_in(people: Any) -> None:
    factories.holdout()
    for address in ("/datasets/loan-holdout/", FIRST):
        assert ADDRESS in page_of(people.sam, address)
        assert ADDRESS not in page_of(people.riley, address)
    page_of(people.riley, ADDRESS, 403)
    assert sent(people.riley).status_code == 403
    page_of(people.sam, "/datasets/none/lock/", 404)


# --- Worn data ---------------------------------------------------------------------------------------


def test_worn_data_say_so_wherever_they_are_met(people: Any, monkeypatch: Any) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW)
    factories.evidence_of(factories.version_of(promotion.version.model), seed=5)
    addresses = ("/datasets/", "/datasets/loan-holdout/", FIRST, f"/promotions/{promotion.pk}/")
    for address in addresses:
        page = page_of(people.riley, address)
        assert "was used for" not in page
        assert "Worn" not in page
    monkeypatch.setattr(exposure, "TELLING", best_of_equals(2))
    assert "Worn: 2 versions judged" in page_of(people.riley, "/datasets/")
    assert "Worn" in page_of(people.riley, "/datasets/loan-holdout/")
    for address in addresses[2:]:
        told = text_of(page_of(people.riley, address))
        assert "loan-holdout@1 was used for 2 versions." in told
        assert "the best looks better by up to 0.56 standard errors by chance alone" in told


def test_a_closed_promotion_is_not_warned_of_what_came_later(people: Any, monkeypatch: Any) -> None:
    promotion = factories.promotion_in(State.WITHDRAWN)
    factories.evidence_of(factories.version_of(promotion.version.model), seed=5)
    monkeypatch.setattr(exposure, "TELLING", best_of_equals(2))
    assert "was used for 2 versions" not in page_of(people.riley, f"/promotions/{promotion.pk}/")


def test_the_ledger_says_how_often_rows_were_looked_at(people: Any) -> None:
    locked = factories.holdout()
    locked.exposures.create(what="rows", who="riley")
    assert "Rows were looked at 1 time." in text_of(section(page_of(people.riley, FIRST), "ledger"))


# --- Letting policies name the newer version ---------------------------------------------------------


def newer(people: Any, declared: Declaration = AS_BEFORE) -> LockedDataset:
    locked = factories.holdout()
    return lock_dataset(locked.dataset_version.dataset, [ROWS.encode()], declared, actor=people.sam)


def test_the_newest_version_says_which_policies_name_an_older_one(people: Any) -> None:
    factories.policies()
    newer(people)
    told = text_of(section(page_of(people.riley, SECOND), "succession"))
    assert "1 policy still names loan-holdout@1: Production ." in told
    assert "An administrator lets them use loan-holdout@2" in told
    assert "loan-holdout@2 is newer" in text_of(section(page_of(people.riley, FIRST), "succession"))
    assert "rotate/" not in page_of(people.riley, SECOND)


def test_an_administrator_lets_them_use_it_with_one_press(people: Any) -> None:
    factories.policies()
    newer(people)
    client = client_of(factories.person("Adam", Role.ADMINISTRATOR))
    page = client.get(SECOND).content.decode()
    (action,) = re.findall(r'action="([^"]+rotate/)"', page)
    after = client.post(action, {"old": "loan-holdout@1"}, follow=True).content.decode()
    assert "Published: Production revision 3." in after
    assert "no policy names an older one" in after
    assert (
        "No policy names loan-holdout@1 any more."
        in client.post(action, {"old": "loan-holdout@1"}, follow=True).content.decode()
    )
    assert client.post(action, {"old": "nothing"}).status_code == 404
    assert client.get(action).status_code == 405


def test_what_does_not_fit_is_said_and_nothing_published(people: Any) -> None:
    factories.policies()
    newer(people, Declaration("id"))
    client = client_of(factories.person("Adam", Role.ADMINISTRATOR))
    after = client.post(f"{SECOND}rotate/", {"old": "loan-holdout@1"}, follow=True).content.decode()
    assert "can&#x27;t take the place of loan-holdout@1: gate quality-floor of Production" in after
    assert not PolicyRevision.objects.filter(number=3).exists()
