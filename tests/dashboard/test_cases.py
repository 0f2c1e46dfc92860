"""The page of rows behind a comparison: counts for everybody who sees the model, rows for who may see rows."""

import csv
import itertools
import re
from typing import Any

import pytest

from accounts.roles import Role
from audit.models import AuditEvent
from dashboard.pages import cases as page_of_cases
from evidence.actions import cases as showing
from evidence.actions import compare_evaluations, lock_dataset
from evidence.labels import Declaration
from evidence.models import Comparison, ExposureEntry
from registry.actions import create_dataset
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section

pytestmark = pytest.mark.django_db

BASE = "/models/loan/cases/?version=2&against=1&dataset=loan-holdout@1"


@pytest.fixture
def people() -> Any:
    return factories.personas()


@pytest.fixture
def comparison(people: Any) -> Comparison:
    factories.holdout()
    model = factories.model_named()
    baseline = factories.evidence_of(factories.version_of(model), seed=1)
    candidate = factories.evidence_of(factories.version_of(model), seed=2, weak_for="south")
    return compare_evaluations(candidate, baseline)


def text_of(part: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip()


def looks() -> int:
    return ExposureEntry.objects.filter(what="rows").count()


def links(page: str, words: str) -> list[str]:
    return [found.replace("&amp;", "&") for found in re.findall(rf'href="([^"]+)">{words}', page)]


def test_counts_are_shown_to_everybody_and_leave_the_ledger_alone(people: Any, comparison: Comparison) -> None:
    page = page_of(people.dana, BASE)
    counts = comparison.result["decisions"]
    told = " ".join(f"{counts[kind]}" for kind in ("both_right", "fixed", "broken", "both_wrong"))
    assert f"All rows {told}" in text_of(section(page, "counts"))
    assert "south" in section(page, "counts")
    assert looks() == 0


def test_who_may_not_see_rows_is_told_who_may(people: Any, comparison: Comparison) -> None:
    page = page_of(people.dana, f"{BASE}&outcome=broken")
    assert "for reviewers, approvers and auditors of loan to look at. Ana Lima, Riley Chen, Sam Okafor may." in text_of(
        section(page, "rows")
    )
    assert "<small>row " not in page
    assert "show them" not in page
    page_of(people.dana, BASE.replace("cases/", "cases.csv"), 403)
    assert looks() == 0


def test_a_visit_without_an_outcome_shows_no_row(people: Any, comparison: Comparison) -> None:
    page = page_of(people.riley, BASE)
    assert "<small>row " not in page
    assert looks() == 0
    assert AuditEvent.objects.filter(verb="evidence.rows_shown").count() == 0


def test_a_count_leads_to_its_rows_page_by_page(people: Any, comparison: Comparison, monkeypatch: Any) -> None:
    monkeypatch.setattr(showing, "PAGE_SIZE", 10)
    broken = comparison.by_segment["segment_decisions"]["region"]["south"]["broken"]
    (address,) = re.findall(r'<a href="([^"]+)" aria-label="\d+ broken, south', page_of(people.riley, BASE))
    found, pages = [], 0
    while address:
        page = page_of(people.riley, address.replace("&amp;", "&").removesuffix("#rows"))
        found += re.findall(r'<th scope="row" role="rowheader">(r\d+)<small>row', page)
        address, pages = next(iter(links(page, "Next rows")), ""), pages + 1
    assert len(found) == len(set(found)) == broken > 10
    assert looks() == pages == -(-broken // 10)
    assert f"Broken, region: south: {broken}" in text_of(section(page, "rows"))


def test_rows_come_with_the_largest_change_first_unless_the_datasets_order_is_asked_for(
    people: Any, comparison: Comparison
) -> None:
    def changes(page: str) -> list[float]:
        scores = re.findall(r'class="r num" data-label="v[12]">([\d.]+)<', page)
        return [abs(float(was) - float(now)) for was, now in zip(scores[::2], scores[1::2], strict=True)]

    found = changes(page_of(people.riley, f"{BASE}&outcome=broken"))
    assert len(found) > 5
    assert all(above >= below - 0.0002 for above, below in itertools.pairwise(found))
    in_order = page_of(people.riley, f"{BASE}&outcome=broken&by=dataset")
    numbers = [int(number) for number in re.findall(r"<small>row ([\d,]+)<", in_order.replace(",", ""))]
    assert numbers == sorted(numbers)
    assert '<option value="dataset" selected>' in in_order
    assert "by=dataset" in links(in_order, "All [0-9]+ as CSV")[0]


def test_a_row_says_what_was_decided_and_is_now_and_not_again_what_was_asked_for(
    people: Any, comparison: Comparison
) -> None:
    positive = comparison.candidate.dataset.positive_label
    broken = section(page_of(people.riley, f"{BASE}&outcome=broken"), "rows")
    decided = set(re.findall(r'data-label="Decision">([^<]+)<', broken))
    assert decided <= {f"Decided {positive}, now not {positive}", f"Decided not {positive}, now {positive}"}
    assert f"Truth: {comparison.candidate.dataset.target}" in broken
    assert 'data-label="Became"' not in broken
    every = section(page_of(people.riley, f"{BASE}&outcome=any&by=dataset"), "rows")
    assert 'data-label="Became"' in every
    assert f"Decided {positive}, as before" in every


def test_the_page_of_rows_is_kept_by_no_cache(people: Any, comparison: Comparison) -> None:
    assert client_of(people.riley).get(f"{BASE}&outcome=any")["Cache-Control"] == "no-store"


def test_rows_are_written_as_text(people: Any) -> None:
    lines = [f"<b>{row}</b>,<i>{row}</i>,{'yes' if row % 2 else 'no'}" for row in range(400)]
    declared = Declaration("id", "approved", "yes")
    content = "\n".join(["id,amount,approved", *lines]).encode()
    dataset = create_dataset("loan-holdout", actor=people.sam)
    lock_dataset(dataset, [content], declared, actor=people.sam)
    model = factories.model_named()
    sides = [factories.evidence_of(factories.version_of(model), seed=seed) for seed in (1, 2)]
    compare_evaluations(sides[1], sides[0])
    page = page_of(people.riley, f"{BASE}&outcome=any&by=dataset")
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;0&lt;/b&gt;" in page


def test_the_file_has_all_the_rows_and_says_when_it_is_cut_off(
    people: Any, comparison: Comparison, monkeypatch: Any
) -> None:
    address = f"{BASE}&outcome=broken&after=5".replace("cases/", "cases.csv")

    def lines() -> list[list[str]]:
        answer = client_of(people.riley).get(address)
        assert answer["Content-Disposition"] == 'attachment; filename="loan-v2-rows.csv"'
        return list(csv.reader(answer.getvalue().decode().splitlines()))

    heading, *rows = lines()
    assert heading == [
        *("row", "id", "outcome", "approved", "v1 score", "v1 decided", "v2 score", "v2 decided", "region", "amount")
    ]
    broken = comparison.result["decisions"]["broken"]
    assert len(rows) == broken
    assert {row[2] for row in rows} == {"broken"}
    assert all(row[3] == row[5] != row[7] for row in rows)
    monkeypatch.setattr(showing, "MOST_EXPORTED", 3)
    monkeypatch.setattr(page_of_cases, "MOST_EXPORTED", 3)
    cut = lines()
    assert cut[1:4] == rows[:3]
    assert cut[4] == [f"Cut off: the first 3 of {broken} rows. Ask for fewer by outcome or segment."]


def test_what_was_not_compared_says_how_it_comes_to_be(people: Any, comparison: Comparison) -> None:
    factories.version_of(comparison.candidate.version.model)
    address = BASE.replace("version=2&against=1", "version=3&against=1")
    page = page_of(people.riley, address)
    assert "They were not compared yet" in page
    assert "a gate of its policy measures on loan-holdout@1" in page
    page_of(people.riley, address.replace("cases/", "cases.csv"), 404)


def test_what_was_compared_the_other_way_round_keeps_the_names_of_this_side(
    people: Any, comparison: Comparison
) -> None:
    address = BASE.replace("version=2&against=1", "version=1&against=2")
    counts = comparison.result["decisions"]
    told = " ".join(f"{counts[kind]}" for kind in ("both_right", "broken", "fixed", "both_wrong"))
    page = page_of(people.riley, f"{address}&outcome=broken")
    assert f"All rows {told}" in text_of(section(page, "counts"))
    assert "Broken: only v2 was." in text_of(section(page, "counts"))
    assert f"Broken: {counts['fixed']}" in text_of(section(page, "rows"))
    answer = client_of(people.riley).get(f"{address}&outcome=fixed".replace("cases/", "cases.csv"))
    heading, *rows = csv.reader(answer.getvalue().decode().splitlines())
    assert heading[4:8] == ["v2 score", "v2 decided", "v1 score", "v1 decided"]
    assert len(rows) == counts["broken"]
    assert all(row[3] == row[7] != row[5] for row in rows)


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ("version=9&against=1&dataset=loan-holdout@1", 404, "Page not found"),
        ("version=2&against=1&dataset=other@1", 404, "Page not found"),
        ("version=2&against=2&dataset=loan-holdout@1", 422, "compared with itself"),
        ("version=x&against=1&dataset=loan-holdout@1", 422, "names no version"),
        ("version=2&against=1&dataset=plain@1", 422, "has no labels"),
        ("version=2&against=3&dataset=loan-holdout@1", 422, "is a regression model"),
        ("version=2&against=1&dataset=loan-holdout@1&outcome=closer", 422, "No row becomes"),
        ("version=2&against=1&dataset=loan-holdout@1&segment=region:east", 422, "has no segment region:east"),
        ("version=2&against=1&dataset=loan-holdout@1&by=x", 422, "ordered by"),
    ],
)
def test_what_can_not_be_shown_is_refused_by_name(
    people: Any, comparison: Comparison, asked: str, status: int, words: str
) -> None:
    factories.version_of(comparison.candidate.version.model, task="regression")
    plain = create_dataset("plain", actor=people.sam)
    lock_dataset(plain, [b"id,amount\na,1\nb,2"], Declaration("id"), actor=people.sam)
    page = page_of(people.riley, f"/models/loan/cases/?{asked}", status)
    assert words in text_of(page).replace("&#x27;", "'")
    assert looks() == 0


def test_a_model_that_is_hidden_has_no_rows_either(people: Any, comparison: Comparison) -> None:
    vera = factories.person("Vera", Role.REVIEWER, model=factories.model_named("other"))
    page_of(vera, BASE, 404)
    page_of(vera, BASE.replace("cases/", "cases.csv"), 404)


def test_without_two_versions_the_comparisons_there_are_can_be_chosen(people: Any, comparison: Comparison) -> None:
    page = page_of(people.dana, "/models/loan/cases/?version=2")
    assert f"{comparison.result['decisions']['broken']} broken" in section(page, "list")
    (address,) = re.findall(r'row-link" href="([^"]+)"', page)
    assert "How many" in page_of(people.dana, address.replace("&amp;", "&"))
    assert "Nothing was compared yet" in page_of(people.dana, "/models/loan/cases/?version=1")


def test_the_page_asks_as_many_queries_for_one_row_as_for_many(
    people: Any, comparison: Comparison, monkeypatch: Any
) -> None:
    client = client_of(people.riley)

    def visit() -> None:
        assert client.get(f"{BASE}&outcome=any").status_code == 200

    visit()  # what a process asks once is asked now
    many = queries_of(visit)
    monkeypatch.setattr(showing, "PAGE_SIZE", 1)
    assert queries_of(visit) == many
