"""The pages of datasets: what they hold, what rests on them, and what of them was released to whom."""

import re
from typing import Any

import pytest

from accounts.actions import grant_role, revoke_role
from accounts.models import RoleGrant
from accounts.roles import Role
from approvals.models import State
from dashboard.pages import dataset_version, datasets
from evidence.actions import hand_out_inputs
from evidence.models import ExposureEntry, LockedDataset
from registry.actions import add_dataset_version, create_dataset
from registry.models import Dataset, Model
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section

pytestmark = pytest.mark.django_db

HOLDOUT = "/datasets/loan-holdout/versions/1/"


@pytest.fixture
def people() -> Any:
    return factories.personas()


@pytest.fixture
def vera(people: Any) -> Any:
    """Somebody who sees the model loan and no other."""
    return factories.person("Vera", Role.VIEWER, model=factories.model_named())


def released(locked: LockedDataset, *, who: str = "", version: str = "loan v1", what: str = "result") -> None:
    ExposureEntry.objects.create(dataset=locked, what=what, who=who, version=version)


def text_of(part: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip()


def ledger_lines(page: str) -> list[str]:
    return [text_of(line) for line in section(page, "ledger").split("<tr")[2:]]


# --- The list ----------------------------------------------------------------------------------------


def test_the_list_tells_locked_data_from_pointers(people: Any) -> None:
    factories.policies()
    version = factories.version_of(factories.model_named())
    factories.evidence_of(version)
    lines = [text_of(line) for line in section(page_of(people.riley, "/datasets/"), "list").split("<tr")[2:]]
    holdout, train = lines
    assert "loan-holdout 1 1 version 1 time" in holdout
    assert "loan-train 1 None: pointers only Never" in train


def test_who_sees_no_model_sees_no_dataset(people: Any) -> None:
    factories.holdout()
    for address in ("/datasets/", "/datasets/loan-holdout/", HOLDOUT):
        page_of(people.admin, address, 403)


def test_datasets_are_found_and_paged_without_gap_or_double(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "PAGE_SIZE", 3)
    names = ["Beta", "alpha", "delta", "gamma", "Zeta", "epsilon", "eta"]
    for name in names:
        create_dataset(name, actor=people.sam, description="greek" if name != "delta" else "")
    found, address = [], "/datasets/"
    while address:
        page = page_of(people.riley, address)
        found += re.findall(r'row-link" href="/datasets/(\w+)/"', page)
        link = re.search(r'href="([^"]+)">Next datasets', page)
        address = "/datasets/" + link[1].replace("&amp;", "&") if link else ""
    assert found == sorted(names, key=str.lower)
    assert "delta" not in page_of(people.riley, "/datasets/?q=greek")
    assert "No dataset fits" in page_of(people.riley, "/datasets/?q=nothing")


# --- One dataset -------------------------------------------------------------------------------------


def test_a_dataset_is_found_whatever_the_capitals(people: Any) -> None:
    factories.holdout()
    assert "<h1>loan-holdout</h1>" in page_of(people.riley, "/datasets/LOAN-Holdout/")
    page_of(people.riley, "/datasets/no-such/", 404)
    page_of(people.riley, "/datasets/loan-holdout/versions/2/", 404)
    page_of(people.riley, "/datasets/loan-holdout/versions/99999999999999999999/", 404)


def test_versions_say_what_they_are_pinned_to_and_who_uses_them(people: Any) -> None:
    factories.policies()
    locked = factories.holdout()
    factories.evidence_of(factories.version_of(factories.model_named()))
    shown = text_of(section(page_of(people.riley, "/datasets/loan-holdout/"), "versions"))
    assert "loan-holdout@1 Locked data 400 rows, target approved" in shown
    assert f"{locked.digest[:4]}…{locked.digest[-4:]}" in shown
    assert "1 evaluated 1 time" in shown
    pointer = text_of(section(page_of(people.riley, "/datasets/loan-train/"), "versions"))
    assert "Git commit data aaaaaaaa" in pointer
    assert "1 trained Not kept here" in pointer


def test_versions_of_models_that_the_reader_can_not_see_are_not_counted(people: Any, vera: Any) -> None:
    factories.policies()
    factories.evidence_of(factories.version_of(factories.model_named("secret")))
    assert "1 evaluated" in page_of(people.riley, "/datasets/loan-holdout/")
    page = page_of(vera, "/datasets/loan-holdout/")
    assert "evaluated" not in page
    assert "No version you see" in page


def test_a_long_list_of_versions_is_paged(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "PAGE_SIZE", 3)
    dataset = create_dataset("many", actor=people.sam)
    for number in range(5):
        add_dataset_version(dataset, kind="git", location="data", pin=f"{number}" * 40, actor=people.sam)
    first = page_of(people.riley, "/datasets/many/")
    second = page_of(people.riley, "/datasets/many/?before=3")
    found = [re.findall(r"many/versions/(\d)/", page) for page in (first, second)]
    assert found == [["5", "4", "3"], ["2", "1"]]
    assert 'href="?before=3#versions">Older' in first
    assert "Older" not in second


# --- One version of it -------------------------------------------------------------------------------


def test_the_declaration_of_locked_data_is_shown_whole(people: Any) -> None:
    locked = factories.holdout()
    shown = text_of(section(page_of(people.riley, HOLDOUT), "facts"))
    assert "Rows 400," in shown
    assert "Target approved Positive label yes, 50.00% of the rows Segments region" in shown
    assert "amount number" in shown
    assert locked.digest in shown


def test_a_pointer_has_a_pin_and_no_ledger(people: Any) -> None:
    factories.version_of(factories.model_named())
    page = page_of(people.riley, "/datasets/loan-train/versions/1/")
    assert f"Pinned to {'a' * 40}" in text_of(section(page, "facts"))
    assert section(page, "ledger") == ""


def test_the_page_names_what_rests_on_the_data(people: Any) -> None:
    live = factories.live_version()
    promotion = factories.promotion_in(State.IN_REVIEW, model=live.model)
    page = page_of(people.riley, HOLDOUT)
    resting = section(page, "resting").split("<tr")[2:]
    assert [text_of(line).split()[-4:] for line in resting] == [
        ["Production", "Evaluated", "on", "it"],
        ["Staging", "Evaluated", "on", "it"],
    ]
    assert f"/promotions/{promotion.pk}/" in section(page, "promotions")
    assert "Production</a>" in section(page, "naming")
    assert "1 live version rests on it" in page


def test_what_was_trained_and_measured_on_the_same_data_is_marked(people: Any) -> None:
    factories.policies()
    held_out = factories.holdout().dataset_version
    factories.evidence_of(factories.version_of(factories.model_named(), trained_on=[held_out]))
    assert "Trained and evaluated on it" in section(page_of(people.riley, HOLDOUT), "resting")


def test_nothing_of_a_hidden_model_is_named(people: Any, vera: Any) -> None:
    factories.live_version(factories.model_named("secret"))
    released(factories.holdout(), who="dana", version="secret v9")
    page = page_of(vera, HOLDOUT)
    assert "secret" not in page
    assert "Dana" not in section(page, "ledger")
    assert "of a model you can’t see" in section(page, "ledger")
    assert "(2)" in section(page, "ledger")
    assert "secret" in page_of(people.riley, HOLDOUT)


# --- The ledger --------------------------------------------------------------------------------------


def test_the_ledger_counts_by_person_and_version_the_latest_first(people: Any) -> None:
    factories.model_named()
    locked = factories.holdout()
    for _ in range(3):
        released(locked, who="dana")
    released(locked)
    list(hand_out_inputs(locked, actor=people.dana))
    released(locked, who="dana")
    lines = ledger_lines(page_of(people.riley, HOLDOUT))
    told = [re.sub(r"^.*?>", "", line).strip().split(" today")[0] for line in lines]
    assert told == [
        "Dana Ortiz Result released loan v1 4",
        "Dana Ortiz Inputs handed out &ndash; 1",
        "Assaydesk a gate’s run Result released loan v1 1",
    ]
    assert "(6)" in section(page_of(people.riley, HOLDOUT), "ledger")


def test_the_ledger_is_paged_without_gap_or_double(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_version, "LEDGER_SHOWN", 4)
    factories.model_named()
    locked = factories.holdout()
    for turn in range(2):
        for number in range(10):
            released(locked, version=f"loan v{number + 10 * (turn and number % 2)}")
    found, address = [], HOLDOUT
    while address:
        page = page_of(people.riley, address)
        found += re.findall(r"loan (v\d+)</a>", section(page, "ledger"))
        link = re.search(r'href="(\?ledger_before=\d+)#ledger">Earlier', page)
        address = HOLDOUT + link[1] if link else ""
    latest = {version: number for number, version in enumerate(ExposureEntry.objects.values_list("version", flat=True))}
    assert found == [name.split()[1] for name in sorted(latest, key=lambda version: -latest[version])]


def test_the_pages_take_the_same_queries_for_few_and_many(people: Any) -> None:
    live = factories.live_version()
    locked, client = factories.holdout(), client_of(people.riley)
    addresses = ("/datasets/", "/datasets/loan-holdout/", HOLDOUT)

    def visit() -> None:
        for address in addresses:
            assert client.get(address).status_code == 200

    factories.promotion_in(State.IN_REVIEW, model=live.model)
    visit()  # what a process asks once is asked now
    few = queries_of(visit)
    for number in range(5):
        factories.promotion_in(State.IN_REVIEW, model=live.model)
        factories.promotion_in(State.IN_REVIEW, model=factories.model_named(f"other-{number}"))
        released(locked, who=factories.person(f"P{number}").username, version=f"other-{number} v1")
        create_dataset(f"more-{number}", actor=people.sam)
    assert queries_of(visit) == few


def test_a_right_that_ends_ends_the_sight_of_datasets(people: Any) -> None:
    factories.holdout()
    vera = factories.person("Vera", Role.VIEWER, model=factories.model_named())
    page_of(vera, HOLDOUT)
    revoke_role(RoleGrant.objects.get(user=vera), actor=None)
    page_of(vera, HOLDOUT, 403)
    grant_role(Role.AUDITOR, to=vera, actor=None)
    page_of(vera, HOLDOUT)


def test_names_of_datasets_are_written_as_text(people: Any) -> None:
    locked = factories.holdout()
    Dataset.objects.update(description="<script>alert(1)</script>")
    released(locked, who="<b>x</b>", version="")
    for address in ("/datasets/", "/datasets/loan-holdout/", HOLDOUT):
        assert "<script>alert" not in page_of(people.riley, address)
        assert "<b>x</b>" not in page_of(people.riley, address)
    assert Model.objects.count() == 0
